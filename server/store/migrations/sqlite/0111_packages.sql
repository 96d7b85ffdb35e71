-- What hosts made for people to look at. It lies here, in parts, so that any instance serves it, backups hold it, and it is
-- gone when its time is over.
CREATE TABLE package_parts (
    command_id BLOB NOT NULL,
    -- Its place, from 0.
    part BIGINT NOT NULL,
    data BLOB NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (command_id, part)
);

CREATE INDEX package_parts_by_time ON package_parts (received_at);

-- Those that are complete, and are what their host signed.
CREATE TABLE packages (
    command_id BLOB NOT NULL PRIMARY KEY,
    action_id BLOB NOT NULL REFERENCES actions (id),
    responder TEXT NOT NULL,
    name TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX packages_by_action ON packages (action_id);
CREATE INDEX packages_by_end ON packages (expires_at);
