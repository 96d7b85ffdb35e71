-- Sign-in by an identity provider: how it is reached, who people are there, what their groups give, and which sessions
-- of its are ours.

CREATE TABLE identity_provider (
    -- There is one.
    id SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
    settings TEXT COLLATE "C" NOT NULL,
    -- Sealed with the key of the secrets, which lies outside of the database.
    secret TEXT COLLATE "C"
);

CREATE TABLE group_roles (
    group_name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    roles TEXT COLLATE "C" NOT NULL
);

-- Who somebody is at a provider: by its own number for them, never by an address that may be given to another.
CREATE TABLE identities (
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);

CREATE INDEX identities_by_user ON identities (user_id);

-- The groups that the provider named at the last sign-in.
CREATE TABLE claimed_groups (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    group_name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, group_name)
);

CREATE TABLE provider_sessions (
    credential_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    sid TEXT COLLATE "C"
);

CREATE INDEX provider_sessions_by_subject ON provider_sessions (issuer, subject);
CREATE INDEX provider_sessions_by_sid ON provider_sessions (issuer, sid);
