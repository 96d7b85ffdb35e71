-- Who is told of what, the messages that follow from it, and how far the audit log was read for them.
CREATE TABLE notification_rules (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    rule TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE notification_cursor (
    seq BIGINT NOT NULL
);

-- What happened before is no news.
INSERT INTO notification_cursor (seq) SELECT COALESCE(MAX(seq), 0) FROM audit;

CREATE TABLE notifications (
    id UUID NOT NULL PRIMARY KEY,
    rule TEXT COLLATE "C" NOT NULL,
    occasion TEXT COLLATE "C" NOT NULL,
    -- What the actions of a message have in common.
    bucket TEXT COLLATE "C" NOT NULL,
    -- open, sent, dropped or failed
    state TEXT COLLATE "C" NOT NULL,
    -- The message that this one says to be over.
    about UUID,
    created_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL DEFAULT 0,
    generation BIGINT NOT NULL DEFAULT 0,
    attempts BIGINT NOT NULL DEFAULT 0,
    last_error TEXT COLLATE "C"
);

CREATE INDEX notifications_by_state ON notifications (state, ready_at);
CREATE INDEX notifications_by_rule ON notifications (rule, state);

CREATE TABLE notification_items (
    message UUID NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    occasion TEXT COLLATE "C" NOT NULL,
    action_id UUID NOT NULL,
    -- The record that it follows from; 0 where the clock is the reason.
    seq BIGINT NOT NULL,
    -- Whether the action waits no more.
    settled SMALLINT NOT NULL DEFAULT 0,
    PRIMARY KEY (rule, occasion, action_id, seq)
);

CREATE INDEX notification_items_by_message ON notification_items (message);
CREATE INDEX notification_items_by_action ON notification_items (action_id);
