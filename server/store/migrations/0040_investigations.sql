-- Investigations and incidents as tools report them, under the tools' own ids; what people say of incidents; and which
-- verdicts people found wrong. `body` is what was reported, as JSON; pieces are found by their own names. Severities grow
-- with severity; words are their numbers.

CREATE TABLE investigations (
    id TEXT COLLATE "C" PRIMARY KEY,
    principal TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    state SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    incident_id TEXT COLLATE "C",
    -- As actions hold it, for the index of theirs.
    investigation_key TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);

CREATE INDEX investigations_by_update ON investigations (updated_at, id);
CREATE INDEX investigations_by_incident ON investigations (incident_id, updated_at, id);

-- What waits: the orders' own indexes hold History alone.
CREATE INDEX actions_by_waiting_investigation ON actions (investigation_key) WHERE lane = 0;
CREATE INDEX actions_by_waiting_incident ON actions (incident_key) WHERE lane = 0;

CREATE TABLE investigation_pieces (
    investigation_id TEXT COLLATE "C" NOT NULL REFERENCES investigations (id),
    kind SMALLINT NOT NULL,
    -- The order within its tab.
    at BIGINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    entity_kind SMALLINT,
    verdict SMALLINT,
    remediation SMALLINT,
    -- Of devices.
    device_group_key TEXT COLLATE "C",
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (investigation_id, kind, name)
);

CREATE INDEX investigation_pieces_in_order ON investigation_pieces (investigation_id, kind, at, name);

CREATE TABLE incidents (
    id TEXT COLLATE "C" PRIMARY KEY,
    principal TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    status SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    classification SMALLINT,
    assigned_to TEXT COLLATE "C",
    incident_key TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);

CREATE INDEX incidents_by_update ON incidents (updated_at, id);

CREATE TABLE incident_comments (
    incident_id TEXT COLLATE "C" NOT NULL REFERENCES incidents (id),
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    by_name TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (incident_id, position)
);

CREATE TABLE feedback (
    position BIGINT PRIMARY KEY,
    -- Whose proposal or report it is about.
    principal TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    body TEXT COLLATE "C" NOT NULL
);

CREATE INDEX feedback_by_principal ON feedback (principal, position);
