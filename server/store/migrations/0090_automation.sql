-- How far rules may decide by themselves: whether any does now, how many actions of a type in an hour, and which there
-- were. One row says whether they are stopped.
CREATE TABLE automation (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    stopped_at BIGINT,
    stopped_by TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    CHECK ((stopped_at IS NULL) = (stopped_by IS NULL))
);

INSERT INTO automation (id) VALUES (1);

CREATE TABLE automation_quotas (
    type SMALLINT PRIMARY KEY,
    per_hour BIGINT NOT NULL CHECK (per_hour >= 0)
);

CREATE TABLE automatic_actions (
    action_id UUID NOT NULL PRIMARY KEY,
    type SMALLINT NOT NULL,
    at BIGINT NOT NULL
);

CREATE INDEX automatic_actions_by_type ON automatic_actions (type, at);

-- Where devices of investigations go when rules of device groups move them; Device is kind 1.
CREATE INDEX investigation_pieces_of_devices ON investigation_pieces (name) WHERE kind = 1;
