-- A new record stands after all others.
CREATE FUNCTION refuse_to_insert_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq <= (SELECT COALESCE(MAX(seq), 0) FROM audit) THEN
        RAISE EXCEPTION 'the audit log is append-only';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER audit_is_only_appended BEFORE INSERT ON audit
FOR EACH ROW EXECUTE FUNCTION refuse_to_insert_audit();

-- Whoever owns the tables may not do more with the log than read it and append to it, unless they grant it to
-- themselves first.
REVOKE ALL ON audit FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON audit FROM CURRENT_USER;
