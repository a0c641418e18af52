-- Plans are read by every page and changed a few times a year: processes hold them in memory under this mark, which
-- changes in the transaction that changes a plan. A random mark cannot come twice, not even after a rollback.
CREATE FUNCTION targets_plans_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_edition (id, mark) VALUES (1, gen_random_uuid())
    ON CONFLICT (id) DO UPDATE SET mark = excluded.mark;
    RETURN NULL;
END $$;

CREATE TRIGGER targets_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON targets_plan
    FOR EACH STATEMENT EXECUTE FUNCTION targets_plans_changed();
CREATE TRIGGER targets_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON targets_indicator
    FOR EACH STATEMENT EXECUTE FUNCTION targets_plans_changed();
CREATE TRIGGER targets_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON targets_target
    FOR EACH STATEMENT EXECUTE FUNCTION targets_plans_changed();
CREATE TRIGGER targets_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON targets_discrepancy
    FOR EACH STATEMENT EXECUTE FUNCTION targets_plans_changed();
CREATE TRIGGER targets_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON targets_discrepancy_plan
    FOR EACH STATEMENT EXECUTE FUNCTION targets_plans_changed();
CREATE TRIGGER targets_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON targets_discrepancy_target
    FOR EACH STATEMENT EXECUTE FUNCTION targets_plans_changed();

INSERT INTO targets_edition (id, mark) VALUES (1, gen_random_uuid());
