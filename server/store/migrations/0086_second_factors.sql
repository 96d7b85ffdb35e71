-- Second factors of people, who must have one, and when one was used for a session.
CREATE TABLE second_factors (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('totp', 'passkey')),
    name TEXT COLLATE "C" NOT NULL,
    -- Of an authenticator app its secret, sealed; of a passkey its public key as JSON.
    secret TEXT COLLATE "C" NOT NULL,
    -- None while nobody showed that it works.
    confirmed_at BIGINT,
    -- The step of time whose code was taken last: each is taken once.
    last_step BIGINT NOT NULL DEFAULT 0,
    last_used_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE INDEX second_factors_by_user ON second_factors (user_id);

CREATE TABLE recovery_codes (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    code_hash TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);

-- The directory roles, and the ids of role groups, whose holders must have one.
CREATE TABLE factor_policy (
    holding TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

ALTER TABLE credentials ADD COLUMN factor_at BIGINT;
