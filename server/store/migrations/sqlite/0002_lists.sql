-- What lists sort, filter and search by. The keys are folded in Rust, so that every database orders and finds alike; a
-- missing value is the empty key. Rows of before are given theirs when the program starts (keyed = 0).

ALTER TABLE actions ADD COLUMN keyed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE actions ADD COLUMN severity_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN entity_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN asset_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN investigation_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN incident_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN approval_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN decided_by_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN proposed_by_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN device_group_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN technique_key TEXT NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN undoable TEXT NOT NULL DEFAULT 'no';
ALTER TABLE actions ADD COLUMN search_text TEXT NOT NULL DEFAULT '';

CREATE INDEX actions_to_key ON actions (id) WHERE keyed = 0;

CREATE INDEX actions_by_type ON actions (lane, type, id);
CREATE INDEX actions_by_entity_kind ON actions (lane, entity_kind, id);
CREATE INDEX actions_by_entity_key ON actions (lane, entity_key, id);
CREATE INDEX actions_by_asset_key ON actions (lane, asset_key, id);
CREATE INDEX actions_by_investigation ON actions (lane, investigation_key, id);
CREATE INDEX actions_by_incident ON actions (lane, incident_key, id);
CREATE INDEX actions_by_approval ON actions (lane, approval_key, id);
CREATE INDEX actions_by_decision ON actions (lane, decision, id);
CREATE INDEX actions_by_decider ON actions (lane, decided_by_key, id);
CREATE INDEX actions_by_source ON actions (lane, source, id);
CREATE INDEX actions_by_status ON actions (lane, status, id);
CREATE INDEX actions_by_severity ON actions (lane, severity_key, id);
CREATE INDEX actions_by_proposer ON actions (lane, proposed_by_key, id);
CREATE INDEX actions_by_proposal ON actions (lane, proposed_at, id);
CREATE INDEX actions_by_expiry_and_id ON actions (lane, expires_at, id);
CREATE INDEX actions_by_device_group ON actions (lane, device_group_key, id);
CREATE INDEX actions_by_undo ON actions (lane, undo, id);
CREATE INDEX actions_by_technique ON actions (lane, technique_key, id);
-- It is the beginning of the one above.
DROP INDEX actions_by_expiry;

-- The trigrams of search_text. The number ties a text to its action: the rowid of `actions` is not kept by VACUUM.
CREATE TABLE search_numbers (
    number INTEGER PRIMARY KEY,
    action_id TEXT NOT NULL UNIQUE REFERENCES actions (id)
);

CREATE VIRTUAL TABLE search USING fts5 (
    text, content = '', contentless_delete = 1, detail = 'full', tokenize = 'trigram case_sensitive 1'
);

CREATE TRIGGER search_is_added AFTER INSERT ON actions WHEN new.search_text <> ''
BEGIN
    INSERT INTO search_numbers (action_id) VALUES (new.id);
    INSERT INTO search (rowid, text)
    SELECT number, new.search_text FROM search_numbers WHERE action_id = new.id;
END;

CREATE TRIGGER search_is_changed AFTER UPDATE OF search_text ON actions WHEN new.search_text <> old.search_text
BEGIN
    DELETE FROM search WHERE rowid = (SELECT number FROM search_numbers WHERE action_id = new.id);
    INSERT INTO search_numbers (action_id) VALUES (new.id) ON CONFLICT (action_id) DO NOTHING;
    INSERT INTO search (rowid, text)
    SELECT number, new.search_text FROM search_numbers WHERE action_id = new.id;
END;
