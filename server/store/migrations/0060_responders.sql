-- Hosts that were enrolled: by which key each is known, what it can do, and when it was last seen. A code takes one in.
CREATE TABLE responders (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    asset TEXT COLLATE "C" NOT NULL,
    public_key TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    pairs TEXT COLLATE "C" NOT NULL,
    enrolled_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    -- The process that asks now, and those that it took the place of: one of them that asks again is another host.
    instance TEXT COLLATE "C" NOT NULL,
    earlier TEXT COLLATE "C" NOT NULL,
    cloned_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE responder_codes (
    code_hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    asset TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

-- Orders for them, each with the report that came.
CREATE TABLE responder_orders (
    command_id UUID NOT NULL PRIMARY KEY,
    responder TEXT COLLATE "C" NOT NULL,
    command TEXT COLLATE "C" NOT NULL,
    signature TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    response TEXT COLLATE "C",
    response_signature TEXT COLLATE "C",
    reported_at BIGINT
);

CREATE INDEX responder_orders_open ON responder_orders (responder, created_at) WHERE reported_at IS NULL;
