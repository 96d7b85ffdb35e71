-- How many actions each rule of a source led to by day, and how many of its verdicts people found wrong.
CREATE TABLE rule_counts (
    principal TEXT COLLATE "C" NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    -- Days since 1970 UTC.
    day BIGINT NOT NULL,
    -- The name to show.
    source TEXT COLLATE "C" NOT NULL,
    proposed BIGINT NOT NULL,
    false_positives BIGINT NOT NULL,
    false_negatives BIGINT NOT NULL,
    PRIMARY KEY (principal, rule, day)
);

CREATE INDEX rule_counts_by_day ON rule_counts (day);
