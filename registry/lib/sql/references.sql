-- References of tables that are filled by the hundred thousand: what a foreign key promises, kept statement by
-- statement. A foreign key looks its parent up once for each row, which was measured as a quarter of an import; here one
-- statement looks up all of them. The same locks are taken as a foreign key takes, except on parents that this very
-- transaction wrote: nobody else sees those yet. Decision 0010 has the argument and the figures.

CREATE FUNCTION lib_refers_came() RETURNS trigger LANGUAGE plpgsql AS $$
-- Arguments: the column that refers, the table that it refers to by its id, '' or DISTINCT where many rows of a
-- statement refer to few parents.
DECLARE
    missing boolean;
BEGIN
    EXECUTE format(
        'SELECT bool_or(p.ours IS NULL OR NOT p.ours AND held.id IS NULL)
         FROM (SELECT %3$s %1$I AS key FROM came WHERE %1$I IS NOT NULL ORDER BY 1) c
         LEFT JOIN LATERAL (
             -- Probed key by key, whatever the planner thinks of tables that it has no statistics of.
             SELECT p.xmin = pg_current_xact_id()::xid AS ours FROM %2$s p WHERE p.id = c.key OFFSET 0) p ON true
         -- Held until we end, lowest key first, so that nobody deletes them meanwhile. One that is gone once we have
         -- waited for its deletion is missing after all.
         LEFT JOIN LATERAL (SELECT h.id FROM %2$s h WHERE NOT p.ours AND h.id = c.key FOR KEY SHARE) held ON true',
        TG_ARGV[0], TG_ARGV[1], TG_ARGV[2]) INTO missing;
    IF missing THEN
        PERFORM lib_refuse_reference(TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[1]);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION lib_refers_changed() RETURNS trigger LANGUAGE plpgsql AS $$
-- The same of one row whose reference was changed, which few ever are.
DECLARE
    found integer;
BEGIN
    EXECUTE format('SELECT FROM %s p WHERE p.id = ($1).%I FOR KEY SHARE', TG_ARGV[1], TG_ARGV[0]) USING NEW;
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found = 0 THEN
        PERFORM lib_refuse_reference(TG_TABLE_NAME, TG_ARGV[0], TG_ARGV[1]);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION lib_referred_went() RETURNS trigger LANGUAGE plpgsql AS $$
-- Arguments: the table that refers, its column.
DECLARE
    referred boolean;
BEGIN
    -- Whoever referred to these rows held them, so the deletion has waited; but an older snapshot would not show it.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'rows of % are deleted in READ COMMITTED only', TG_TABLE_NAME
            USING ERRCODE = 'feature_not_supported';
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM gone JOIN %s c ON c.%I = gone.id)', TG_ARGV[0], TG_ARGV[1]) INTO referred;
    IF referred THEN
        PERFORM lib_refuse_reference(TG_ARGV[0], TG_ARGV[1], TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION lib_referred_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    referred boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE %I IS NOT NULL)', TG_ARGV[0], TG_ARGV[1]) INTO referred;
    IF referred THEN
        PERFORM lib_refuse_reference(TG_ARGV[0], TG_ARGV[1], TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION lib_referred_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ids of % never change: others refer to them', TG_TABLE_NAME
        USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME, COLUMN = 'id';
END $$;

-- Named as a foreign key would be, so that whoever catches an IntegrityError learns the same from it.
CREATE FUNCTION lib_refuse_reference(child text, reference text, parent text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%.% must refer to a row of %', child, reference, parent
        USING ERRCODE = 'foreign_key_violation', TABLE = child, COLUMN = reference,
              CONSTRAINT = format('refers_%s', reference);
END $$;

-- Keep the reference of `child` by its column to `parent` from now on; what stands is looked through first. `shared`:
-- many rows that come together refer to one parent.
CREATE PROCEDURE lib_refer(child regclass, reference name, parent regclass, shared boolean DEFAULT false)
LANGUAGE plpgsql AS $$
DECLARE
    dangling boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %1$s c WHERE c.%2$I IS NOT NULL
                                   AND NOT EXISTS (SELECT FROM %3$s p WHERE p.id = c.%2$I))', child, reference, parent)
        INTO dangling;
    IF dangling THEN
        PERFORM lib_refuse_reference(child::text, reference, parent::text);
    END IF;
    EXECUTE format('CREATE TRIGGER %1$I AFTER INSERT ON %2$s REFERENCING NEW TABLE AS came
                    FOR EACH STATEMENT EXECUTE FUNCTION lib_refers_came(%3$L, %4$L, %5$L)',
                   format('refers_%s', reference), child, reference, parent, CASE WHEN shared THEN 'DISTINCT' ELSE '' END);
    EXECUTE format('CREATE TRIGGER %1$I AFTER UPDATE OF %3$I ON %2$s FOR EACH ROW
                    WHEN (NEW.%3$I IS NOT NULL AND NEW.%3$I IS DISTINCT FROM OLD.%3$I)
                    EXECUTE FUNCTION lib_refers_changed(%3$L, %4$L)',
                   format('refers_%s_changed', reference), child, reference, parent);
    EXECUTE format('CREATE TRIGGER %1$I AFTER DELETE ON %2$s REFERENCING OLD TABLE AS gone
                    FOR EACH STATEMENT EXECUTE FUNCTION lib_referred_went(%3$L, %4$L)',
                   format('referred_by_%s_%s', child, reference), parent, child, reference);
    EXECUTE format('CREATE TRIGGER %1$I AFTER TRUNCATE ON %2$s
                    FOR EACH STATEMENT EXECUTE FUNCTION lib_referred_emptied(%3$L, %4$L)',
                   format('referred_emptied_by_%s_%s', child, reference), parent, child, reference);
    EXECUTE format('CREATE OR REPLACE TRIGGER referred_keeps_id BEFORE UPDATE OF id ON %s FOR EACH ROW
                    WHEN (NEW.id IS DISTINCT FROM OLD.id) EXECUTE FUNCTION lib_referred_renamed()', parent);
END $$;
