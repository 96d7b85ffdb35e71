-- What is asked of each row that History keeps no longer: who refers to it. Few rows reverse another.
CREATE INDEX actions_by_undo_of ON actions (undo_of) WHERE undo_of IS NOT NULL;
CREATE INDEX actions_by_undone_by ON actions (undone_by) WHERE undone_by IS NOT NULL;
CREATE INDEX bulk_items_by_action ON bulk_items (action_id);

CREATE TRIGGER search_is_removed AFTER DELETE ON actions
BEGIN
    DELETE FROM search WHERE rowid = old.number;
END;
