-- What the home page tells without reading History: decisions a day (days since 1970 UTC) and, for those of people, how
-- long the actions had waited, in minutes rounded down ever more coarsely. Kept in the transactions that decide.

CREATE TABLE decided (
    day BIGINT NOT NULL,
    decision TEXT NOT NULL,
    took BIGINT NOT NULL,
    n BIGINT NOT NULL,
    PRIMARY KEY (day, decision, took)
);

INSERT INTO decided (day, decision, took, n)
SELECT day, decision,
    CASE WHEN decision NOT IN ('Approved', 'Rejected') OR took < 0 THEN 0 WHEN took < 60 THEN took
        WHEN took < 1440 THEN took - took % 10 WHEN took < 20160 THEN took - took % 60 ELSE took - took % 1440 END,
    COUNT(*)
FROM (
    SELECT decided_at / 86400000000 AS day, decision, (decided_at - proposed_at) / 60000000 AS took
    FROM actions
    WHERE decided_at IS NOT NULL AND decision IN ('Approved', 'Rejected', 'AutoApproved', 'Expired')
) AS decisions
GROUP BY 1, 2, 3;

CREATE INDEX actions_by_waiting_asset ON actions (asset_kind, asset_key) WHERE lane = 'pending';
