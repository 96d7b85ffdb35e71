-- What the lists of incidents, investigations and their pieces are sorted and searched by, made as the keys of actions
-- are: texts that compare by their bytes. `key_N` is of the cell N of a row; `search_text` is what its cells hold, without
-- case. Rows that were there before are keyed when the store opens.

ALTER TABLE investigations ADD COLUMN title_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigations ADD COLUMN category_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigations ADD COLUMN source_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigations ADD COLUMN incident_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigations ADD COLUMN search_text TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX investigations_by_id ON investigations (investigation_key, id);
CREATE INDEX investigations_by_title ON investigations (title_key, id);
CREATE INDEX investigations_by_state ON investigations (state, id);
CREATE INDEX investigations_by_severity ON investigations (severity, id);
CREATE INDEX investigations_by_category ON investigations (category_key, id);
CREATE INDEX investigations_by_source ON investigations (source_key, id);
CREATE INDEX investigations_by_incident_key ON investigations (incident_key, id);
CREATE INDEX investigations_by_start ON investigations (started_at, id);

ALTER TABLE incidents ADD COLUMN title_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN assigned_key TEXT COLLATE "C" NOT NULL DEFAULT '';
-- One more than the number of the word; 0 for none.
ALTER TABLE incidents ADD COLUMN class_rank SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN search_text TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX incidents_by_id ON incidents (incident_key, id);
CREATE INDEX incidents_by_title ON incidents (title_key, id);
CREATE INDEX incidents_by_status ON incidents (status, id);
CREATE INDEX incidents_by_severity ON incidents (severity, id);
CREATE INDEX incidents_by_class ON incidents (class_rank, id);
CREATE INDEX incidents_by_assignment ON incidents (assigned_key, id);
CREATE INDEX incidents_by_start ON incidents (started_at, id);

-- Pieces of one investigation are few enough to be sorted as they are asked for; only their own order has an index.
ALTER TABLE investigation_pieces ADD COLUMN key_1 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_2 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_3 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_4 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_5 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_6 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_7 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_8 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_9 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN key_10 TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE investigation_pieces ADD COLUMN search_text TEXT COLLATE "C" NOT NULL DEFAULT '';
