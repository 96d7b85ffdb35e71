-- What is protected, and what a decision on it asks for. Whatever was checked under one revision of the table is not
-- written under another.
CREATE TABLE protections (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    demand TEXT COLLATE "C" NOT NULL,
    conditions TEXT COLLATE "C" NOT NULL
);

CREATE TABLE policy_state (
    id SMALLINT PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);

INSERT INTO policy_state (id, revision) VALUES (1, 0);

-- Where two people have to approve: the first of them, of the version that they left behind.
CREATE TABLE first_approvals (
    action_id UUID NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    person UUID NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL
);

-- What one person let happen alone, until a different person has reviewed it, and since.
CREATE TABLE break_glass (
    action_id UUID NOT NULL PRIMARY KEY,
    policy TEXT COLLATE "C" NOT NULL,
    person UUID NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    reviewer_person UUID,
    reviewer TEXT COLLATE "C",
    reviewed_at BIGINT,
    comment TEXT COLLATE "C",
    CHECK (reviewer_person IS NULL OR reviewer_person <> person),
    CHECK ((reviewer_person IS NULL) = (reviewer IS NULL)),
    CHECK ((reviewer_person IS NULL) = (reviewed_at IS NULL)),
    CHECK ((reviewer_person IS NULL) = (comment IS NULL))
);

CREATE INDEX break_glass_by_review ON break_glass (reviewed_at, at);

ALTER TABLE actions ADD COLUMN break_glass SMALLINT NOT NULL DEFAULT 0;
