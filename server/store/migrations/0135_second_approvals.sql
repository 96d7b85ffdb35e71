-- When a second person let happen what a first had approved: what was approved by two with its end is ended without
-- asking again. Of approvals before this nothing is known, so that their ends wait for people.
ALTER TABLE first_approvals ADD COLUMN completed_at BIGINT;
