-- Deciding on many at once. A plan is what was shown before; started, it is a job under the same id. Its items keep the
-- version and digest that were shown, and where each of them stands: written in the transaction of its decision.

CREATE TABLE bulks (
    id TEXT PRIMARY KEY,
    owner TEXT NOT NULL REFERENCES users (id),
    verb TEXT NOT NULL CHECK (verb IN ('approve', 'reject', 'undo')),
    preview TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- From its start on.
    started_at BIGINT,
    -- By which session or token: what it stands for is looked up again whenever items are decided.
    credential_id TEXT REFERENCES credentials (id),
    reason TEXT,
    approval_id TEXT,
    -- When some of its items were last tried: jobs take turns.
    stepped_at BIGINT,
    ended_at BIGINT,
    CHECK ((started_at IS NULL) = (approval_id IS NULL)),
    CHECK ((started_at IS NULL) = (credential_id IS NULL)),
    CHECK ((started_at IS NULL) = (stepped_at IS NULL)),
    CHECK (started_at IS NOT NULL OR ended_at IS NULL)
);

CREATE INDEX bulks_by_turn ON bulks (stepped_at) WHERE started_at IS NOT NULL AND ended_at IS NULL;
CREATE INDEX bulks_by_expiry ON bulks (expires_at) WHERE started_at IS NULL;

CREATE TABLE bulk_items (
    bulk_id TEXT NOT NULL REFERENCES bulks (id),
    position BIGINT NOT NULL,
    action_id TEXT NOT NULL REFERENCES actions (id),
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('left_out', 'waiting', 'decided', 'skipped', 'refused', 'failed')),
    detail TEXT,
    PRIMARY KEY (bulk_id, position)
);

CREATE INDEX bulk_items_by_state ON bulk_items (bulk_id, state, position);

-- The same file on many devices.
CREATE INDEX actions_by_file ON actions (type, json_extract(entity, '$.sha256'))
    WHERE entity_kind = 'file' AND lane = 'history';
