-- What the lists of people, tokens and sessions are sorted and searched by, made as the keys of actions are: texts that
-- compare by their bytes, and what is searched, without case. Rows that were there before are keyed when the store opens.

ALTER TABLE users ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN shown_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN search_text TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX users_by_shown_name ON users (shown_key, id);
CREATE INDEX users_by_name_key ON users (name_key, id);

ALTER TABLE credentials ADD COLUMN name_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE credentials ADD COLUMN search_text TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX credentials_by_use ON credentials (kind, last_seen_at, id);
