-- What webhooks were sent and what they answered, the last of each executor: to be looked at, and to be sent again.
CREATE TABLE deliveries (
    id UUID NOT NULL PRIMARY KEY,
    executor TEXT COLLATE "C" NOT NULL,
    action_id UUID NOT NULL,
    command_id UUID NOT NULL,
    at BIGINT NOT NULL,
    milliseconds BIGINT NOT NULL,
    -- The status of the answer; none where there was no answer.
    status BIGINT,
    request TEXT COLLATE "C" NOT NULL,
    answer TEXT COLLATE "C" NOT NULL,
    -- Whether a person had it sent again.
    again SMALLINT NOT NULL DEFAULT 0 CHECK (again IN (0, 1))
);

CREATE INDEX deliveries_by_executor ON deliveries (executor, at);
