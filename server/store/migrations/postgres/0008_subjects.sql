-- What an audit record is about, for records of version 2. Those of version 1 have an action or nothing in action_id,
-- which version 2 keeps filled for actions, since who follows the log joins by it.
ALTER TABLE audit ADD COLUMN subject_kind TEXT COLLATE "C";
ALTER TABLE audit ADD COLUMN subject_id TEXT COLLATE "C";
