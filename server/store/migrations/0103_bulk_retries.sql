-- Whether a plan carries out once more what was approved and failed. Its verb is that of the approval: the words that the
-- column allows are fixed.
ALTER TABLE bulks ADD COLUMN retries BOOLEAN NOT NULL DEFAULT FALSE;
