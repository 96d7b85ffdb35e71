-- INSERT OR REPLACE takes a row away without asking the trigger for deletes: a new record stands after all others.
CREATE TRIGGER audit_is_only_appended BEFORE INSERT ON audit
WHEN new.seq IS NULL OR new.seq <= (SELECT COALESCE(MAX(seq), 0) FROM audit)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
