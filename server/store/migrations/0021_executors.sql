-- What carries actions out, as administrators set it up, and how attempts ended; who has a command in hand, and until when.
CREATE TABLE executors (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- The order in which they are asked.
    position BIGINT NOT NULL,
    -- Grows with each change, so that every instance sees one.
    revision BIGINT NOT NULL,
    setup TEXT COLLATE "C" NOT NULL,
    -- Sealed with a key that lies outside of the database.
    secret TEXT COLLATE "C",
    paused SMALLINT NOT NULL DEFAULT 0 CHECK (paused IN (0, 1)),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE executor_answers (
    executor TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    action_id UUID NOT NULL,
    command_id UUID NOT NULL,
    result TEXT COLLATE "C" NOT NULL,
    detail TEXT COLLATE "C" NOT NULL
);

CREATE INDEX executor_answers_by_time ON executor_answers (executor, at);

ALTER TABLE commands ADD COLUMN assigned_to TEXT COLLATE "C";
ALTER TABLE commands ADD COLUMN due_at BIGINT;
