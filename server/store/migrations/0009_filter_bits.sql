-- The number that every index of an order carries is called after what it holds. Rows get other bits in it when the
-- program starts: there is room for more types.
ALTER TABLE actions RENAME COLUMN traits TO filter_bits;
-- Indexes that a load took away and did not put back yet.
UPDATE markers SET value = REPLACE(value, 'traits', 'filter_bits') WHERE name = 'missing_indexes';
