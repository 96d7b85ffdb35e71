-- What rows of one type have in common: a file, else a campaign, else an investigation. Rows that share a key are
-- similar; the empty key is shared by none. Rows of before are given theirs when the program starts.

ALTER TABLE actions ADD COLUMN similar_key TEXT COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX actions_by_similarity ON actions (lane, similar_key, id) INCLUDE (traits, updated_at);
