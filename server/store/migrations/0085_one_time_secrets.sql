-- Secrets that are good for one use within a time, stored as hashes: the link of the first administrator, what a browser
-- holds between the password and the second factor, and what a passkey was asked.
CREATE TABLE one_time_secrets (
    purpose TEXT COLLATE "C" NOT NULL,
    secret_hash TEXT COLLATE "C" NOT NULL,
    user_id TEXT COLLATE "C" REFERENCES users (id),
    body TEXT COLLATE "C" NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, secret_hash)
);
