-- How long there is to decide on actions of a type whose proposer names no end, where it is not the default.
CREATE TABLE decision_times (
    type SMALLINT PRIMARY KEY,
    hours BIGINT NOT NULL CHECK (hours > 0)
);
