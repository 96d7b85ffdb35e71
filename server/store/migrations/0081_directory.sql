-- People and groups that a directory brings in (SCIM).

CREATE TABLE directory_people (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES users (id),
    external_id TEXT COLLATE "C",
    display_name TEXT COLLATE "C",
    -- What the directory wrote, as JSON.
    record TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX directory_people_by_external_id ON directory_people (external_id);
CREATE INDEX directory_people_by_display_name ON directory_people (display_name);
-- A directory asks for names whatever their case.
CREATE INDEX users_by_lower_name ON users (LOWER(name));

CREATE TABLE directory_groups (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    display_name TEXT COLLATE "C" NOT NULL UNIQUE,
    external_id TEXT COLLATE "C",
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX directory_groups_by_external_id ON directory_groups (external_id);

CREATE TABLE directory_members (
    group_id TEXT COLLATE "C" NOT NULL REFERENCES directory_groups (id),
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    PRIMARY KEY (group_id, user_id)
);

CREATE INDEX directory_members_by_user ON directory_members (user_id);
