-- Which instance answers the first request with a key, to tell a claim whose instance was killed.
ALTER TABLE idempotency_keys ADD COLUMN instance BIGINT NOT NULL DEFAULT 0;
