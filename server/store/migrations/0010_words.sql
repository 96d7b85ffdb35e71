-- The words of closed vocabularies by the numbers that rows have for them: named for whoever reads the database without
-- the program.
CREATE TABLE words (
    vocabulary TEXT COLLATE "C" NOT NULL,
    number SMALLINT NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (vocabulary, number)
);
