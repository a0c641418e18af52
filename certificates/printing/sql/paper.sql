-- A sheet goes one way: sent, in stock, then printed, spoiled or lost; what is spoiled is destroyed. Its serial, paper and
-- owner never change, and a row goes only with a delivery that did not arrive.
CREATE FUNCTION printing_sheet_kept() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'sent' THEN
            RAISE EXCEPTION 'printing_sheet is only added to' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.request_id, NEW.institution_id, NEW.family, NEW.serial)
        IS DISTINCT FROM (OLD.id, OLD.request_id, OLD.institution_id, OLD.family, OLD.serial)
    THEN
        RAISE EXCEPTION 'a sheet keeps its serial and owner' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state IS DISTINCT FROM OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('sent', 'stock'), ('stock', 'used'), ('stock', 'spoiled'), ('stock', 'lost'), ('used', 'spoiled'),
        ('lost', 'spoiled'), ('spoiled', 'destroyed'))
    THEN
        RAISE EXCEPTION 'a sheet that is % does not become %', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER printing_sheet_keep BEFORE UPDATE OR DELETE ON printing_sheet
    FOR EACH ROW EXECUTE FUNCTION printing_sheet_kept();
ALTER TABLE printing_sheet ENABLE ALWAYS TRIGGER printing_sheet_keep;

CREATE TRIGGER printing_stocktaking_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON printing_stocktaking
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE printing_stocktaking ENABLE ALWAYS TRIGGER printing_stocktaking_keep;
