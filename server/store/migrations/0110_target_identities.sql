-- What tells the entity of an action on each of its further targets, as identity_key and identity_name of its row do on its
-- asset: so an action on several devices is found from each of them.
CREATE TABLE target_identities (
    number BIGINT NOT NULL,
    -- The place of the target among those of the action, the asset being 0.
    target BIGINT NOT NULL,
    identity_key BIGINT,
    identity_name BIGINT,
    PRIMARY KEY (number, target)
);

CREATE INDEX target_identities_by_key ON target_identities (identity_key) WHERE identity_key IS NOT NULL;
CREATE INDEX target_identities_by_name ON target_identities (identity_name) WHERE identity_name IS NOT NULL;
