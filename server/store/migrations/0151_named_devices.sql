-- Which devices a piece of an investigation names, as a list in JSON, and what is searched of evidence beside them: of
-- evidence that is on several, a person is told of those alone that they see. Rows of before get both when the store opens.
ALTER TABLE investigation_pieces ADD COLUMN device_names TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE investigation_pieces ADD COLUMN own_search TEXT COLLATE "C" NOT NULL DEFAULT '';
