-- Filters and their counts. `traits` packs what rows are filtered by most into one number; it and the time of the last
-- change stand in every index of an order, so that a walk along an order rules rows out without looking them up. Rows
-- of before are given theirs when the program starts, which finds out from a marker.

ALTER TABLE actions ADD COLUMN traits BIGINT NOT NULL DEFAULT 0;
DROP INDEX actions_to_key;
ALTER TABLE actions DROP COLUMN keyed;

DROP INDEX actions_by_urgency;
DROP INDEX actions_by_update;
DROP INDEX actions_by_type;
DROP INDEX actions_by_entity_kind;
DROP INDEX actions_by_entity_key;
DROP INDEX actions_by_asset_key;
DROP INDEX actions_by_investigation;
DROP INDEX actions_by_incident;
DROP INDEX actions_by_approval;
DROP INDEX actions_by_decision;
DROP INDEX actions_by_decider;
DROP INDEX actions_by_source;
DROP INDEX actions_by_status;
DROP INDEX actions_by_severity;
DROP INDEX actions_by_proposer;
DROP INDEX actions_by_proposal;
DROP INDEX actions_by_expiry_and_id;
DROP INDEX actions_by_device_group;
DROP INDEX actions_by_undo;
DROP INDEX actions_by_technique;

CREATE INDEX actions_by_urgency ON actions (lane, urgency, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_update ON actions (lane, updated_at, id) INCLUDE (traits);
CREATE INDEX actions_by_type ON actions (lane, type, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_entity_kind ON actions (lane, entity_kind, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_entity_key ON actions (lane, entity_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_asset_key ON actions (lane, asset_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_investigation ON actions (lane, investigation_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_incident ON actions (lane, incident_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_approval ON actions (lane, approval_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_decision ON actions (lane, decision, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_decider ON actions (lane, decided_by_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_source ON actions (lane, source, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_status ON actions (lane, status, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_severity ON actions (lane, severity_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_proposer ON actions (lane, proposed_by_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_proposal ON actions (lane, proposed_at, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_expiry_and_id ON actions (lane, expires_at, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_device_group ON actions (lane, device_group_key, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_undo ON actions (lane, undo, id) INCLUDE (traits, updated_at);
CREATE INDEX actions_by_technique ON actions (lane, technique_key, id) INCLUDE (traits, updated_at);

-- How many rows a lane has of each value of what it is filtered by, kept in the transactions that write the rows. The
-- key is what the rows' column holds, the label what to show for it.
CREATE TABLE counts (
    lane TEXT COLLATE "C" NOT NULL,
    facet TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    label TEXT COLLATE "C" NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (lane, facet, key)
);
