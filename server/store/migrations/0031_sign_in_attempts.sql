-- Sign-ins that failed lately, by a digest of what tried: an account from a device or an address, an account, an address.
-- A device from which an account signed in before has a row of its own with the time of the last sign-in.
CREATE TABLE sign_in_attempts (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);

CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (last_at);
