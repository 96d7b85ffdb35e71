-- What people set for themselves, one row a setting with its value as JSON, and the views that they saved. `shows` is
-- the query of the view's list as a URL says it; `name_key` is its name without case.

CREATE TABLE preferences (
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    name TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, name)
);

CREATE TABLE saved_views (
    id TEXT COLLATE "C" PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    name TEXT COLLATE "C" NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    lane TEXT COLLATE "C" NOT NULL CHECK (lane IN ('pending', 'in_progress', 'history')),
    shows TEXT COLLATE "C" NOT NULL,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, name_key)
);

CREATE UNIQUE INDEX saved_views_default ON saved_views (user_id) WHERE is_default = 1;
