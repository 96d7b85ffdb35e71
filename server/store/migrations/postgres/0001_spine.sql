-- The spine: people and their credentials, actions, the commands that carry them out, and the audit log.
-- Ids and JSON are TEXT, times are microseconds since 1970 UTC. Once landed, this file is never edited.
-- Text compares byte by byte, as it does in SQLite, whatever the database's own collation is.

CREATE TABLE markers (
    name TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE users (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    display_name TEXT COLLATE "C" NOT NULL,
    password_hash TEXT COLLATE "C",
    enabled BIGINT NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_at BIGINT NOT NULL
);

CREATE TABLE user_roles (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    role TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, role)
);

-- What the roles amount to, written with them, so that a statement can ask for a permission.
CREATE TABLE user_permissions (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    permission TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, permission)
);

-- Sessions and API tokens. Only the SHA-256 of the secret is kept.
CREATE TABLE credentials (
    id TEXT COLLATE "C" PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('session', 'token')),
    secret_hash TEXT COLLATE "C" NOT NULL UNIQUE,
    user_id TEXT COLLATE "C" REFERENCES users (id),
    name TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE INDEX credentials_by_user ON credentials (user_id, kind);

CREATE TABLE actions (
    id TEXT COLLATE "C" PRIMARY KEY,
    version BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    external_id TEXT COLLATE "C",
    type TEXT COLLATE "C" NOT NULL,
    entity_kind TEXT COLLATE "C" NOT NULL,
    entity_title TEXT COLLATE "C" NOT NULL,
    entity TEXT COLLATE "C" NOT NULL,
    asset_kind TEXT COLLATE "C" NOT NULL,
    asset_name TEXT COLLATE "C" NOT NULL,
    asset_criticality TEXT COLLATE "C",
    device_group TEXT COLLATE "C",
    parameters TEXT COLLATE "C" NOT NULL,
    comment TEXT COLLATE "C",
    severity TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    verdict TEXT COLLATE "C",
    evidence TEXT COLLATE "C" NOT NULL,
    alert TEXT COLLATE "C",
    campaign TEXT COLLATE "C",
    investigation_id TEXT COLLATE "C",
    incident_id TEXT COLLATE "C",
    proposed_by TEXT COLLATE "C" NOT NULL,
    proposed_by_id TEXT COLLATE "C" NOT NULL,
    -- The person behind the proposal, also through a personal token: nobody decides what they proposed.
    proposed_by_person TEXT COLLATE "C",
    proposed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    lane TEXT COLLATE "C" NOT NULL CHECK (lane IN ('pending', 'in_progress', 'history')),
    -- Byte-ordered: severity, then expiry, then age.
    urgency TEXT COLLATE "C" NOT NULL,
    decision TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    status_detail TEXT COLLATE "C",
    undo TEXT COLLATE "C" NOT NULL,
    decided_by TEXT COLLATE "C",
    decided_by_person TEXT COLLATE "C",
    decided_at BIGINT,
    reason TEXT COLLATE "C",
    approval_id TEXT COLLATE "C",
    undo_of TEXT COLLATE "C" REFERENCES actions (id),
    undone_by TEXT COLLATE "C" REFERENCES actions (id),
    executor TEXT COLLATE "C",
    CHECK ((lane = 'pending') = (decision = 'Pending')),
    CHECK ((lane = 'in_progress') = (status IN ('Queued', 'InProgress', 'Unknown'))),
    CHECK ((status = 'None') = (decision IN ('Pending', 'Rejected', 'Expired', 'Withdrawn', 'Superseded'))),
    CHECK (decision NOT IN ('Approved', 'Rejected') OR decided_by IS NOT NULL),
    CHECK (decision NOT IN ('Approved', 'Rejected') OR decided_by_person IS NULL
        OR proposed_by_person IS NULL OR decided_by_person <> proposed_by_person)
);

-- A text of 4,096 characters does not fit a page of a B-tree, so such columns are told apart and found by hashes.
CREATE FUNCTION sha256_of(text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT sha256(convert_to($1, 'UTF8'))
$$;
CREATE UNIQUE INDEX actions_by_external_id ON actions (proposed_by_id, source, sha256_of(external_id))
    WHERE external_id IS NOT NULL;
CREATE INDEX actions_with_external_id ON actions USING hash (external_id);
CREATE INDEX actions_by_urgency ON actions (lane, urgency, id);
CREATE INDEX actions_by_update ON actions (lane, updated_at, id);
CREATE INDEX actions_by_expiry ON actions (lane, expires_at);
CREATE INDEX actions_by_entity ON actions USING hash (entity_title);

-- The outbox: one command an action. It is leased by one worker at a time; the generation fences a late one off.
CREATE TABLE commands (
    id TEXT COLLATE "C" PRIMARY KEY,
    action_id TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES actions (id),
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

CREATE TABLE idempotency_keys (
    principal TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    request_hash TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    -- None while the first request is still being answered.
    response_status BIGINT,
    response_body TEXT COLLATE "C",
    PRIMARY KEY (principal, key)
);

CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    v BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action_id TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,
    prev TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_by_action ON audit (action_id, seq);

CREATE FUNCTION refuse_to_change_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit();

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit();

CREATE TRIGGER audit_is_never_truncated BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_audit();
