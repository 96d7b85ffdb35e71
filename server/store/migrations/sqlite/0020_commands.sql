-- A command names its executor, so that only who has it takes it. An action that is tried again has more than one, of which
-- one at most is not done. One that is handed waits for a report.
CREATE TABLE commands_named (
    id BLOB NOT NULL PRIMARY KEY,
    action_id BLOB NOT NULL REFERENCES actions (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'handed', 'done')),
    created_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    -- Grows with each attempt; what was possibly sent counts apart from what provably was not.
    generation BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    possibly_sent BIGINT NOT NULL DEFAULT 0,
    not_sent BIGINT NOT NULL DEFAULT 0,
    last_error TEXT,
    executor TEXT
);

INSERT INTO commands_named
    SELECT id, action_id, state, created_at, ready_at, generation, leased_until, possibly_sent, not_sent, last_error,
        CASE state WHEN 'open' THEN (SELECT executor FROM actions WHERE actions.id = commands.action_id) END
    FROM commands;
DROP TABLE commands;
ALTER TABLE commands_named RENAME TO commands;

CREATE INDEX commands_by_ready ON commands (state, ready_at);
CREATE INDEX commands_by_action ON commands (action_id);
CREATE UNIQUE INDEX commands_not_done ON commands (action_id) WHERE state <> 'done';
