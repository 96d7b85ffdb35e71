-- What actions on the same entity of the same asset share, whatever the spelling: the hash of the entity's own key, and
-- that of its name. Rows of before are given theirs when the program starts.
ALTER TABLE actions ADD COLUMN identity_key TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN identity_name TEXT COLLATE "C" NOT NULL DEFAULT '';
-- It held whole titles, which may be longer than an index takes.
DROP INDEX actions_by_entity;
CREATE INDEX actions_by_identity ON actions (identity_key, proposed_at) WHERE identity_key <> '';
CREATE INDEX actions_by_identity_name ON actions (identity_name, proposed_at) WHERE identity_name <> '';

-- What did the same to the same file is similar, whichever hash it is known by.
DROP INDEX actions_by_file;

-- What a tool proposes belongs to the tool, not to the secret that it used: to the owner of its token, or to the tokens
-- of that name. Where one tool proposed twins under one id, by two secrets, the older ones are no longer found by it.
ALTER TABLE actions ADD COLUMN is_twin BIGINT NOT NULL DEFAULT 0;
DROP INDEX actions_by_external_id;
UPDATE actions SET proposed_by_id = (
    SELECT CASE WHEN c.user_id IS NULL THEN 'tool:' || c.name ELSE c.user_id END
    FROM credentials c WHERE c.id = actions.proposed_by_id
) WHERE proposed_by_id IN (SELECT id FROM credentials WHERE kind = 'token');
CREATE INDEX actions_by_external_ids ON actions (proposed_by_id, source, sha256_of(external_id)) WHERE external_id IS NOT NULL;
UPDATE actions SET is_twin = 1 WHERE external_id IS NOT NULL AND EXISTS (
    SELECT 1 FROM actions newer
    WHERE newer.proposed_by_id = actions.proposed_by_id AND newer.source = actions.source
      AND sha256_of(newer.external_id) = sha256_of(actions.external_id)
      AND newer.external_id = actions.external_id
      AND (newer.proposed_at > actions.proposed_at
           OR (newer.proposed_at = actions.proposed_at AND newer.id > actions.id))
);
DROP INDEX actions_by_external_ids;
CREATE UNIQUE INDEX actions_by_external_id ON actions (proposed_by_id, source, sha256_of(external_id))
    WHERE external_id IS NOT NULL AND is_twin = 0;
