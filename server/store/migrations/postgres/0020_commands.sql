-- A command names its executor, so that only who has it takes it. An action that is tried again has more than one, of which
-- one at most is not done. One that is handed waits for a report.
ALTER TABLE commands DROP CONSTRAINT commands_action_id_key;
ALTER TABLE commands DROP CONSTRAINT commands_state_check;
ALTER TABLE commands ADD CONSTRAINT commands_state_check CHECK (state IN ('open', 'handed', 'done'));
ALTER TABLE commands ADD COLUMN executor TEXT COLLATE "C";

UPDATE commands SET executor = (SELECT executor FROM actions WHERE actions.id = commands.action_id)
    WHERE state = 'open';

CREATE INDEX commands_by_action ON commands (action_id);
CREATE UNIQUE INDEX commands_not_done ON commands (action_id) WHERE state <> 'done';
