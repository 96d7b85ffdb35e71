-- When the effect of an action that named an end is to be ended.
CREATE TABLE ends (
    action_id UUID NOT NULL PRIMARY KEY REFERENCES actions (id),
    at BIGINT NOT NULL
);

CREATE INDEX ends_by_time ON ends (at);
