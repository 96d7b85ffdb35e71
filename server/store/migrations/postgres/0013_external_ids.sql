-- A text of 4,096 characters does not fit a page of a B-tree, so external ids are told apart and found by hashes.
DROP INDEX IF EXISTS actions_by_external_id;
CREATE UNIQUE INDEX actions_by_external_id ON actions (proposed_by_id, source, sha256_of(external_id))
    WHERE external_id IS NOT NULL AND is_twin = 0;
