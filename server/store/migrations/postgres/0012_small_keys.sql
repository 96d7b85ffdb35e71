-- Small keys. Rows have an internal number, which is the tail of every index; ids are 16 bytes, digests and hashes 32, and
-- words of closed vocabularies small integers, which `words` names; actors short lists. What was found stands apart from the row. The rows
-- of before lie in tables called `..._before`, from which the program carries them over when it starts.

DELETE FROM markers WHERE name IN ('keys', 'missing_indexes');
DROP TABLE counts;
DROP TABLE decided;

DROP TRIGGER audit_is_never_updated ON audit;
DROP TRIGGER audit_is_never_deleted ON audit;
DROP TRIGGER audit_is_never_truncated ON audit;
DROP INDEX IF EXISTS actions_by_text;
DROP INDEX IF EXISTS actions_with_external_id;
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
ALTER TABLE actions_before DROP CONSTRAINT actions_undo_of_fkey;
ALTER TABLE actions_before DROP CONSTRAINT actions_undone_by_fkey;
ALTER INDEX actions_pkey RENAME TO actions_before_pkey;
ALTER INDEX audit_pkey RENAME TO audit_before_pkey;

-- Numbers of words stand in conditions here: they never change.
CREATE TABLE actions (
    number BIGINT PRIMARY KEY,
    id UUID NOT NULL UNIQUE,
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
    digest BYTEA NOT NULL CHECK (length(digest) = 32),
    -- The person behind the proposal, also through a personal token: nobody decides what they proposed.
    proposed_by_person UUID,
    decided_by_person UUID,
    -- All zeros if there is none.
    approval_id UUID NOT NULL,
    undo_of UUID REFERENCES actions (id),
    undone_by UUID REFERENCES actions (id),
    entity_key TEXT COLLATE "C" NOT NULL,
    asset_key TEXT COLLATE "C" NOT NULL,
    investigation_key TEXT COLLATE "C" NOT NULL,
    incident_key TEXT COLLATE "C" NOT NULL,
    decided_by_key TEXT COLLATE "C" NOT NULL,
    proposed_by_key TEXT COLLATE "C" NOT NULL,
    device_group_key TEXT COLLATE "C" NOT NULL,
    technique_key TEXT COLLATE "C" NOT NULL,
    entity TEXT COLLATE "C" NOT NULL,
    entity_title TEXT COLLATE "C" NOT NULL,
    asset_name TEXT COLLATE "C" NOT NULL,
    device_group TEXT COLLATE "C",
    parameters TEXT COLLATE "C" NOT NULL,
    comment TEXT COLLATE "C",
    campaign TEXT COLLATE "C",
    investigation_id TEXT COLLATE "C",
    incident_id TEXT COLLATE "C",
    -- The tool or person whose proposal it is, whatever credential was used.
    proposed_by_id TEXT COLLATE "C" NOT NULL,
    proposed_by TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    status_detail TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    executor TEXT COLLATE "C",
    external_id TEXT COLLATE "C",
    -- All by which it is found, line by line.
    search_text TEXT COLLATE "C" NOT NULL,
    CHECK ((lane = 0) = (decision = 0)),
    CHECK ((lane = 1) = (status IN (1, 2, 9))),
    CHECK ((status = 0) = (decision IN (0, 2, 3, 6, 7))),
    CHECK (decision NOT IN (1, 2) OR decided_by IS NOT NULL),
    CHECK (decision NOT IN (1, 2) OR decided_by_person IS NULL
        OR proposed_by_person IS NULL OR decided_by_person <> proposed_by_person)
);

-- What was found, and the alert: only the details show them.
CREATE TABLE evidence (
    number BIGINT PRIMARY KEY REFERENCES actions (number),
    evidence TEXT COLLATE "C" NOT NULL,
    alert TEXT COLLATE "C"
);

CREATE UNIQUE INDEX actions_by_external_id ON actions (proposed_by_id, source, external_id)
    WHERE external_id IS NOT NULL AND is_twin = 0;
-- Those of most orders hold History alone (lane 2): what waits is little, and would be written into each of them with
-- every decision.
CREATE INDEX actions_by_urgency ON actions (lane, urgency, number) INCLUDE (filter_bits, updated_at);
CREATE INDEX actions_by_update ON actions (lane, updated_at, number) INCLUDE (filter_bits);
CREATE INDEX actions_by_type ON actions (lane, type, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_entity_kind ON actions (lane, entity_kind, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_entity_key ON actions (lane, entity_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_asset_key ON actions (lane, asset_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_investigation ON actions (lane, investigation_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_incident ON actions (lane, incident_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_approval ON actions (lane, approval_id, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_decision ON actions (lane, decision, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_decider ON actions (lane, decided_by_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_source ON actions (lane, source, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_status ON actions (lane, status, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_severity ON actions (lane, severity, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_proposer ON actions (lane, proposed_by_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_proposal ON actions (lane, proposed_at, number) INCLUDE (filter_bits, updated_at);
CREATE INDEX actions_by_expiry ON actions (lane, expires_at, number) INCLUDE (filter_bits, updated_at);
CREATE INDEX actions_by_device_group ON actions (lane, device_group_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_undo ON actions (lane, undo, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_technique ON actions (lane, technique_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
CREATE INDEX actions_by_similarity ON actions (lane, similar_key, number) INCLUDE (filter_bits, updated_at)
    WHERE similar_key IS NOT NULL;
CREATE INDEX actions_by_identity ON actions (identity_key) WHERE identity_key IS NOT NULL;
CREATE INDEX actions_by_identity_name ON actions (identity_name) WHERE identity_name IS NOT NULL;
CREATE INDEX actions_by_waiting_asset ON actions (asset_kind, asset_key) WHERE lane = 0;

CREATE TABLE commands (
    id UUID NOT NULL PRIMARY KEY,
    action_id UUID NOT NULL UNIQUE REFERENCES actions (id),
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('open', 'done')),
    created_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    -- Grows with each attempt; what was possibly sent counts apart from what provably was not.
    generation BIGINT NOT NULL DEFAULT 0,
    leased_until BIGINT NOT NULL DEFAULT 0,
    possibly_sent BIGINT NOT NULL DEFAULT 0,
    not_sent BIGINT NOT NULL DEFAULT 0,
    last_error TEXT COLLATE "C"
);

CREATE INDEX commands_by_ready ON commands (state, ready_at);

CREATE TABLE bulk_items (
    bulk_id TEXT COLLATE "C" NOT NULL REFERENCES bulks (id),
    position BIGINT NOT NULL,
    action_id UUID NOT NULL REFERENCES actions (id),
    version BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('left_out', 'waiting', 'decided', 'skipped', 'refused', 'failed')),
    detail TEXT COLLATE "C",
    PRIMARY KEY (bulk_id, position)
);

CREATE INDEX bulk_items_by_state ON bulk_items (bulk_id, state, position);

-- A record's subject is an action, whose id is kept as such, or something else, whose id is a text.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    v SMALLINT NOT NULL,
    kind SMALLINT NOT NULL,
    subject_kind SMALLINT,
    action_id UUID,
    prev BYTEA NOT NULL CHECK (length(prev) = 32),
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    actor TEXT COLLATE "C" NOT NULL,
    subject_id TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_by_action ON audit (action_id, seq) WHERE action_id IS NOT NULL;

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit();

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit();

CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit();

CREATE TABLE counts (
    lane SMALLINT NOT NULL,
    facet TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
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

-- The trigrams of what a search looks into.
CREATE INDEX actions_by_text ON actions USING gin (search_text gin_trgm_ops);
