-- Small keys. Rows have an internal number, which is the tail of every index; ids are 16 bytes, digests and hashes 32, and
-- words of closed vocabularies small integers, which `words` names; actors short lists. What was found stands apart from the row. The rows
-- of before lie in tables called `..._before`, from which the program carries them over when it starts.

DELETE FROM markers WHERE name IN ('keys', 'missing_indexes');
DROP TABLE counts;
DROP TABLE decided;

DROP TRIGGER IF EXISTS search_is_added;
DROP TRIGGER IF EXISTS search_is_changed;
DROP TRIGGER IF EXISTS audit_is_never_updated;
DROP TRIGGER IF EXISTS audit_is_never_deleted;
DROP TABLE search;
DROP TABLE search_numbers;

DROP INDEX IF EXISTS actions_by_external_id;
DROP INDEX IF EXISTS actions_by_urgency;
DROP INDEX IF EXISTS actions_by_update;
DROP INDEX IF EXISTS actions_by_identity;
DROP INDEX IF EXISTS actions_by_identity_name;
DROP INDEX IF EXISTS actions_by_type;
DROP INDEX IF EXISTS actions_by_entity_kind;
DROP INDEX IF EXISTS actions_by_entity_key;
DROP INDEX IF EXISTS actions_by_asset_key;
DROP INDEX IF EXISTS actions_by_investigation;
DROP INDEX IF EXISTS actions_by_incident;
DROP INDEX IF EXISTS actions_by_approval;
DROP INDEX IF EXISTS actions_by_decision;
DROP INDEX IF EXISTS actions_by_decider;
DROP INDEX IF EXISTS actions_by_source;
DROP INDEX IF EXISTS actions_by_status;
DROP INDEX IF EXISTS actions_by_severity;
DROP INDEX IF EXISTS actions_by_proposer;
DROP INDEX IF EXISTS actions_by_proposal;
DROP INDEX IF EXISTS actions_by_expiry_and_id;
DROP INDEX IF EXISTS actions_by_device_group;
DROP INDEX IF EXISTS actions_by_undo;
DROP INDEX IF EXISTS actions_by_technique;
DROP INDEX IF EXISTS actions_by_similarity;
DROP INDEX IF EXISTS actions_by_file;
DROP INDEX IF EXISTS actions_by_waiting_asset;
DROP INDEX IF EXISTS audit_by_action;

-- Without keys, so that rows of actions can be taken away before.
CREATE TABLE commands_before AS SELECT * FROM commands;
CREATE TABLE bulk_items_before AS SELECT * FROM bulk_items;
DROP TABLE commands;
DROP TABLE bulk_items;
ALTER TABLE actions RENAME TO actions_before;
ALTER TABLE audit RENAME TO audit_before;

-- Numbers of words stand in conditions here: they never change.
CREATE TABLE actions (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    lane SMALLINT NOT NULL CHECK (lane IN (0, 1, 2)),
    filter_bits BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    proposed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_at BIGINT,
    -- Severity, then expiry; rows of one moment follow in the order in which they came.
    urgency BIGINT NOT NULL,
    -- Hashes: what similar actions share, and what those on the same entity of the same asset do.
    similar_key BIGINT,
    identity_key BIGINT,
    identity_name BIGINT,
    version BIGINT NOT NULL,
    type SMALLINT NOT NULL,
    entity_kind SMALLINT NOT NULL,
    asset_kind SMALLINT NOT NULL,
    asset_criticality SMALLINT,
    -- Grows with severity: 4 is critical.
    severity SMALLINT NOT NULL,
    source SMALLINT NOT NULL,
    verdict SMALLINT,
    decision SMALLINT NOT NULL,
    status SMALLINT NOT NULL,
    undo SMALLINT NOT NULL,
    undoable SMALLINT NOT NULL,
    -- An older one of two that one tool proposed under the same id.
    is_twin SMALLINT NOT NULL DEFAULT 0,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    -- The person behind the proposal, also through a personal token: nobody decides what they proposed.
    proposed_by_person BLOB,
    decided_by_person BLOB,
    -- All zeros if there is none.
    approval_id BLOB NOT NULL,
    undo_of BLOB REFERENCES actions (id),
    undone_by BLOB REFERENCES actions (id),
    entity_key TEXT NOT NULL,
    asset_key TEXT NOT NULL,
    investigation_key TEXT NOT NULL,
    incident_key TEXT NOT NULL,
    decided_by_key TEXT NOT NULL,
    proposed_by_key TEXT NOT NULL,
    device_group_key TEXT NOT NULL,
    technique_key TEXT NOT NULL,
    entity TEXT NOT NULL,
    entity_title TEXT NOT NULL,
    asset_name TEXT NOT NULL,
    device_group TEXT,
    parameters TEXT NOT NULL,
    comment TEXT,
    campaign TEXT,
    investigation_id TEXT,
    incident_id TEXT,
    -- The tool or person whose proposal it is, whatever credential was used.
    proposed_by_id TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    decided_by TEXT,
    status_detail TEXT,
    reason TEXT,
    executor TEXT,
    external_id TEXT,
    -- All by which it is found, line by line.
    search_text TEXT NOT NULL,
    CHECK ((lane = 0) = (decision = 0)),
    CHECK ((lane = 1) = (status IN (1, 2, 9))),
    CHECK ((status = 0) = (decision IN (0, 2, 3, 6, 7))),
    CHECK (decision NOT IN (1, 2) OR decided_by IS NOT NULL),
    CHECK (decision NOT IN (1, 2) OR decided_by_person IS NULL
        OR proposed_by_person IS NULL OR decided_by_person <> proposed_by_person)
);

-- What was found, and the alert: only the details show them.
CREATE TABLE evidence (
    number INTEGER PRIMARY KEY REFERENCES actions (number),
    evidence TEXT NOT NULL,
    alert TEXT
);

CREATE UNIQUE INDEX actions_by_external_id ON actions (proposed_by_id, source, external_id)
    WHERE external_id IS NOT NULL AND is_twin = 0;
-- Those of most orders hold History alone (lane 2): what waits is little, and would be written into each of them with
-- every decision.
CREATE INDEX actions_by_urgency ON actions (lane, urgency, number, filter_bits);
CREATE INDEX actions_by_update ON actions (lane, updated_at, number, filter_bits);
CREATE INDEX actions_by_type ON actions (lane, type, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_entity_kind ON actions (lane, entity_kind, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_entity_key ON actions (lane, entity_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_asset_key ON actions (lane, asset_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_investigation ON actions (lane, investigation_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_incident ON actions (lane, incident_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_approval ON actions (lane, approval_id, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_decision ON actions (lane, decision, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_decider ON actions (lane, decided_by_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_source ON actions (lane, source, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_status ON actions (lane, status, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_severity ON actions (lane, severity, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_proposer ON actions (lane, proposed_by_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_proposal ON actions (lane, proposed_at, number, filter_bits);
CREATE INDEX actions_by_expiry ON actions (lane, expires_at, number, filter_bits);
CREATE INDEX actions_by_device_group ON actions (lane, device_group_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_undo ON actions (lane, undo, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_technique ON actions (lane, technique_key, number, filter_bits)
    WHERE lane = 2;
CREATE INDEX actions_by_similarity ON actions (lane, similar_key, number, filter_bits)
    WHERE similar_key IS NOT NULL;
CREATE INDEX actions_by_identity ON actions (identity_key) WHERE identity_key IS NOT NULL;
CREATE INDEX actions_by_identity_name ON actions (identity_name) WHERE identity_name IS NOT NULL;
CREATE INDEX actions_by_waiting_asset ON actions (asset_kind, asset_key) WHERE lane = 0;

CREATE TABLE commands (
    id BLOB NOT NULL PRIMARY KEY,
    action_id BLOB NOT NULL UNIQUE REFERENCES actions (id),
    state TEXT NOT NULL CHECK (state IN ('open', 'done')),
    created_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    -- Grows with each attempt; what was possibly sent counts apart from what provably was not.
    generation BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    possibly_sent BIGINT NOT NULL DEFAULT 0,
    not_sent BIGINT NOT NULL DEFAULT 0,
    last_error TEXT
);

CREATE INDEX commands_by_ready ON commands (state, ready_at);

CREATE TABLE bulk_items (
    bulk_id TEXT NOT NULL REFERENCES bulks (id),
    position BIGINT NOT NULL,
    action_id BLOB NOT NULL REFERENCES actions (id),
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('left_out', 'waiting', 'decided', 'skipped', 'refused', 'failed')),
    detail TEXT,
    PRIMARY KEY (bulk_id, position)
);

CREATE INDEX bulk_items_by_state ON bulk_items (bulk_id, state, position);

-- A record's subject is an action, whose id is kept as such, or something else, whose id is a text.
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    at BIGINT NOT NULL,
    v SMALLINT NOT NULL,
    kind SMALLINT NOT NULL,
    subject_kind SMALLINT,
    action_id BLOB,
    prev BLOB NOT NULL CHECK (length(prev) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    actor TEXT NOT NULL,
    subject_id TEXT,
    body TEXT NOT NULL
);

CREATE INDEX audit_by_action ON audit (action_id, seq) WHERE action_id IS NOT NULL;

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE counts (
    lane SMALLINT NOT NULL,
    facet TEXT NOT NULL,
    key TEXT NOT NULL,
    label TEXT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (lane, facet, key)
);

CREATE TABLE decided (
    day BIGINT NOT NULL,
    decision SMALLINT NOT NULL,
    took BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (day, decision, took)
);

-- The trigrams of what a search looks into, by the number of the row.
CREATE VIRTUAL TABLE search USING fts5 (
    text, content = '', contentless_delete = 1, detail = 'full', tokenize = 'trigram case_sensitive 1'
);

CREATE TRIGGER search_is_added AFTER INSERT ON actions
BEGIN
    INSERT INTO search (rowid, text)
    VALUES (new.number, new.search_text);
END;

CREATE TRIGGER search_is_changed AFTER UPDATE OF search_text ON actions WHEN new.search_text <> old.search_text
BEGIN
    DELETE FROM search WHERE rowid = new.number;
    INSERT INTO search (rowid, text)
    VALUES (new.number, new.search_text);
END;
