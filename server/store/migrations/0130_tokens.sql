-- The names of the API tokens by which an action was proposed, and decided: keys that compare by their bytes, with line
-- ends between. Rows that were there before are keyed when the store opens.
ALTER TABLE actions ADD COLUMN tokens_key TEXT COLLATE "C" NOT NULL DEFAULT '';

CREATE INDEX actions_by_tokens ON actions (lane, tokens_key, number) INCLUDE (filter_bits, updated_at)
    WHERE lane = 2;
