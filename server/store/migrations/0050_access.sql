-- Who may do what, as data: device groups with their rules, role groups and custom roles, and what people hold of them.
-- Lists of ids are JSON; where a list of device groups is missing, every device is meant.

CREATE TABLE device_groups (
    id TEXT COLLATE "C" PRIMARY KEY,
    -- The first whose rule a device meets is its group.
    rank BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL UNIQUE,
    level TEXT COLLATE "C" NOT NULL CHECK (level IN ('full', 'semi_all', 'semi_core', 'semi_non_temp', 'none')),
    -- Conditions as JSON; none for the last group.
    rule TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL
);

INSERT INTO device_groups (id, rank, name, name_key, level, rule, version)
VALUES ('00000000-0000-7000-8000-0000000000ff', 1000000, 'Ungrouped devices', '', 'semi_all', '[]', 1);

-- What tools told of devices, and the group whose name their rows carry.
CREATE TABLE devices (
    name_key TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    domain TEXT COLLATE "C",
    os TEXT COLLATE "C",
    tags TEXT COLLATE "C" NOT NULL DEFAULT '[]',
    reported_group TEXT COLLATE "C",
    device_group TEXT COLLATE "C",
    updated_at BIGINT NOT NULL
);

CREATE TABLE role_groups (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL UNIQUE,
    model TEXT COLLATE "C" NOT NULL CHECK (model IN ('email_collaboration', 'unified')),
    permissions TEXT COLLATE "C" NOT NULL,
    built_in SMALLINT NOT NULL,
    version BIGINT NOT NULL
);

INSERT INTO role_groups (id, name, name_key, model, permissions, built_in, version) VALUES
    ('00000000-0000-7000-8000-000000000001', 'Data Investigator', 'data investigator', 'email_collaboration', '["search_and_purge"]', 1, 1),
    ('00000000-0000-7000-8000-000000000002', 'Organization Management', 'organization management', 'email_collaboration', '["search_and_purge"]', 1, 1),
    ('00000000-0000-7000-8000-000000000003', 'Security Administrator', 'security administrator', 'email_collaboration', '[]', 1, 1);

CREATE TABLE role_group_members (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    role_group_id TEXT COLLATE "C" NOT NULL REFERENCES role_groups (id),
    device_groups TEXT COLLATE "C",
    PRIMARY KEY (user_id, role_group_id)
);

-- The workloads of which unified roles say who may do what.
CREATE TABLE unified_workloads (
    workload TEXT COLLATE "C" PRIMARY KEY CHECK (workload IN ('devices', 'email'))
);

ALTER TABLE user_roles ADD COLUMN device_groups TEXT COLLATE "C";
ALTER TABLE users ADD COLUMN device_groups TEXT COLLATE "C";
ALTER TABLE users ADD COLUMN last_sign_in_at BIGINT;
ALTER TABLE credentials ADD COLUMN device_groups TEXT COLLATE "C";

-- What people hold amounts to: a permission is for every device, or for those of the groups named below.
ALTER TABLE user_permissions ADD COLUMN everywhere SMALLINT NOT NULL DEFAULT 1;

CREATE TABLE user_permission_groups (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    permission TEXT COLLATE "C" NOT NULL,
    group_key TEXT COLLATE "C" NOT NULL,
    group_name TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (user_id, permission, group_key)
);
