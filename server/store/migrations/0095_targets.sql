-- One action on several devices has a command for each. A command keeps how it ended, which says how its target stands.
ALTER TABLE actions ADD COLUMN targets TEXT COLLATE "C";

-- The place of its target among those of the action, the asset being 0.
ALTER TABLE commands ADD COLUMN target BIGINT NOT NULL DEFAULT 0;
-- The number of the status that it ended with; null while it is not over, and where that was before this column.
ALTER TABLE commands ADD COLUMN outcome SMALLINT;
ALTER TABLE commands ADD COLUMN detail TEXT COLLATE "C";
-- What became of undoing it on this target.
ALTER TABLE commands ADD COLUMN undo SMALLINT NOT NULL DEFAULT 0;

-- Those whose end is unknown (9), which their executors are asked about.
CREATE INDEX commands_unknown ON commands (created_at) WHERE outcome = 9;

DROP INDEX commands_not_done;
CREATE UNIQUE INDEX commands_not_done ON commands (action_id, target) WHERE state <> 'done';
