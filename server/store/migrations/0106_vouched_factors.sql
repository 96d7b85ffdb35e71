-- The method by which the identity provider vouches for a second factor, for a session that came from there.
ALTER TABLE provider_sessions ADD COLUMN factor TEXT COLLATE "C";
