-- A layout is history as soon as it is there: another look is another row.
CREATE TRIGGER printing_layout_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON printing_layout
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE printing_layout ENABLE ALWAYS TRIGGER printing_layout_keep;

-- A copy stays what it was; only what became of its sheet is noted, once.
CREATE FUNCTION printing_copy_kept() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.job_id, NEW.certificate_id, NEW.place, NEW.turn, NEW.stock, NEW.created_at)
        IS DISTINCT FROM (OLD.job_id, OLD.certificate_id, OLD.place, OLD.turn, OLD.stock, OLD.created_at)
        OR (OLD.state <> 'printed' AND NEW.state IS DISTINCT FROM OLD.state)
    THEN
        RAISE EXCEPTION 'printing_copy is only added to' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER printing_copy_keep BEFORE UPDATE OR DELETE ON printing_copy
    FOR EACH ROW EXECUTE FUNCTION printing_copy_kept();
ALTER TABLE printing_copy ENABLE ALWAYS TRIGGER printing_copy_keep;
