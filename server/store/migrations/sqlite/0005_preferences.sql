-- What people set for themselves, one row a setting with its value as JSON, and the views that they saved. `shows` is
-- the query of the view's list as a URL says it; `name_key` is its name without case.

CREATE TABLE preferences (
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, name)
);

CREATE TABLE saved_views (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    lane TEXT NOT NULL CHECK (lane IN ('pending', 'in_progress', 'history')),
    shows TEXT NOT NULL,
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    created_at BIGINT NOT NULL,
    UNIQUE (user_id, name_key)
);

CREATE UNIQUE INDEX saved_views_default ON saved_views (user_id) WHERE is_default = 1;
