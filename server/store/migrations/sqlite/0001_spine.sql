-- The spine: people and their credentials, actions, the commands that carry them out, and the audit log.
-- Ids and JSON are TEXT, times are microseconds since 1970 UTC. Once landed, this file is never edited.

CREATE TABLE markers (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    password_hash TEXT,
    enabled BIGINT NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_at BIGINT NOT NULL
);

CREATE TABLE user_roles (
    user_id TEXT NOT NULL REFERENCES users (id),
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
);

-- What the roles amount to, written with them, so that a statement can ask for a permission.
CREATE TABLE user_permissions (
    user_id TEXT NOT NULL REFERENCES users (id),
    permission TEXT NOT NULL,
    PRIMARY KEY (user_id, permission)
);

-- Sessions and API tokens. Only the SHA-256 of the secret is kept.
CREATE TABLE credentials (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('session', 'token')),
    secret_hash TEXT NOT NULL UNIQUE,
    user_id TEXT REFERENCES users (id),
    name TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX credentials_by_user ON credentials (user_id, kind);

CREATE TABLE actions (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    external_id TEXT,
    type TEXT NOT NULL,
    entity_kind TEXT NOT NULL,
    entity_title TEXT NOT NULL,
    entity TEXT NOT NULL,
    asset_kind TEXT NOT NULL,
    asset_name TEXT NOT NULL,
    asset_criticality TEXT,
    device_group TEXT,
    parameters TEXT NOT NULL,
    comment TEXT,
    severity TEXT NOT NULL,
    source TEXT NOT NULL,
    verdict TEXT,
    evidence TEXT NOT NULL,
    alert TEXT,
    campaign TEXT,
    investigation_id TEXT,
    incident_id TEXT,
    proposed_by TEXT NOT NULL,
    proposed_by_id TEXT NOT NULL,
    -- The person behind the proposal, also through a personal token: nobody decides what they proposed.
    proposed_by_person TEXT,
    proposed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    lane TEXT NOT NULL CHECK (lane IN ('pending', 'in_progress', 'history')),
    -- Byte-ordered: severity, then expiry, then age.
    urgency TEXT NOT NULL,
    decision TEXT NOT NULL,
    status TEXT NOT NULL,
    status_detail TEXT,
    undo TEXT NOT NULL,
    decided_by TEXT,
    decided_by_person TEXT,
    decided_at BIGINT,
    reason TEXT,
    approval_id TEXT,
    undo_of TEXT REFERENCES actions (id),
    undone_by TEXT REFERENCES actions (id),
    executor TEXT,
    CHECK ((lane = 'pending') = (decision = 'Pending')),
    CHECK ((lane = 'in_progress') = (status IN ('Queued', 'InProgress', 'Unknown'))),
    CHECK ((status = 'None') = (decision IN ('Pending', 'Rejected', 'Expired', 'Withdrawn', 'Superseded'))),
    CHECK (decision NOT IN ('Approved', 'Rejected') OR decided_by IS NOT NULL),
    CHECK (decision NOT IN ('Approved', 'Rejected') OR decided_by_person IS NULL
        OR proposed_by_person IS NULL OR decided_by_person <> proposed_by_person)
);

CREATE UNIQUE INDEX actions_by_external_id ON actions (proposed_by_id, source, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX actions_by_urgency ON actions (lane, urgency, id);
CREATE INDEX actions_by_update ON actions (lane, updated_at, id);
CREATE INDEX actions_by_expiry ON actions (lane, expires_at);
CREATE INDEX actions_by_entity ON actions (asset_name, entity_title, proposed_at);

-- The outbox: one command an action. It is leased by one worker at a time; the generation fences a late one off.
CREATE TABLE commands (
    id TEXT PRIMARY KEY,
    action_id TEXT NOT NULL UNIQUE REFERENCES actions (id),
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

CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- None while the first request is still being answered.
    response_status BIGINT,
    response_body TEXT,
    PRIMARY KEY (principal, key)
);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    v BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    action_id TEXT,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
);

CREATE INDEX audit_by_action ON audit (action_id, seq);

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
