-- Messages are found by their ids, whichever investigation tells of them; Email is kind 6.
CREATE INDEX investigation_pieces_of_emails ON investigation_pieces (name) WHERE kind = 6;
