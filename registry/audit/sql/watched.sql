-- Tables whose every change leaves a manifest, whoever makes it: the program, a loop of INSERTs, COPY, or somebody at a
-- prompt. Meant for tables of few rows that much depends on: accounts, roles, reviews, rates, places. What imports write
-- by the hundred thousand commits to its rows itself.
--
-- A trigger for each statement notes which rows it touched; when the transaction ends, one manifest for each table
-- commits to what they look like then. It belongs to the transaction's last action. Where there is none, somebody
-- went past the program, and an action `audit.unannounced` says through which database role.
--
-- Not ENABLE ALWAYS: a replica gets the manifests of the original. Who writes in the replica role, or lifts the triggers,
-- leaves no manifest, and so the row is found by `audit verify`.

CREATE TABLE audit_touched (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    table_name text NOT NULL,
    canon text NOT NULL,
    row_ids bigint[],
    row_uuids uuid[]
);
CREATE INDEX audit_touched_of_transaction ON audit_touched (xact, table_name);
COMMENT ON TABLE audit_touched IS 'Rows touched in a running transaction; empty between transactions.';

-- Which action a manifest belongs to. A setting of the transaction: gone when it ends, and back when a part is undone.
CREATE FUNCTION audit_remember() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM set_config('jiangce.action', NEW.id::text, true);
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_action_remember AFTER INSERT ON audit_action
    FOR EACH ROW EXECUTE FUNCTION audit_remember();

-- Arguments: canonical form, row_ids or row_uuids. An UPDATE that leaves the form as it was touches nothing.
CREATE FUNCTION audit_watched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    touched text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        touched := 'SELECT id FROM after_rows';
    ELSIF TG_OP = 'DELETE' THEN
        touched := 'SELECT id FROM before_rows';
    ELSE
        touched := format(
            'SELECT coalesce(a.id, b.id) AS id FROM after_rows a FULL JOIN before_rows b ON b.id = a.id '
            'WHERE a.id IS NULL OR b.id IS NULL OR canon_%1$s(ROW(a.*)::%2$s) <> canon_%1$s(ROW(b.*)::%2$s)',
            TG_ARGV[0], TG_RELID::regclass);
    END IF;
    EXECUTE format(
        'INSERT INTO public.audit_touched (table_name, canon, %I) '
        'SELECT $1, $2, array_agg(t.id) FROM (%s) t HAVING count(*) > 0', TG_ARGV[1], touched)
        USING TG_TABLE_NAME, TG_ARGV[0];
    RETURN NULL;
END
$$;

CREATE FUNCTION audit_settle_touched() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    action bigint := nullif(current_setting('jiangce.action', true), '')::bigint;
    numbers bigint[];
    uuids uuid[];
    statement text;
BEGIN
    WITH done AS (
        DELETE FROM public.audit_touched t
        WHERE t.xact = NEW.xact AND t.table_name = NEW.table_name AND t.canon = NEW.canon
        RETURNING t.row_ids, t.row_uuids
    )
    SELECT (SELECT array_agg(DISTINCT n) FROM done, unnest(done.row_ids) n),
        (SELECT array_agg(DISTINCT n) FROM done, unnest(done.row_uuids) n)
    INTO numbers, uuids;
    IF numbers IS NULL AND uuids IS NULL THEN
        RETURN NULL;  -- an earlier row of the same table has brought these along
    END IF;
    IF action IS NULL THEN
        action := (public.audit_log('audit.unannounced', NEW.table_name, '',
            coalesce(cardinality(numbers), cardinality(uuids)), '', NULL, NULL, '数据库', NULL, '', NULL, '', '')).id;
    END IF;
    statement := format(
        'INSERT INTO public.audit_manifest (action_id, table_name, canon, %1$I, hashes) '
        'SELECT $1, $2, $3, array_agg(u.id ORDER BY u.id), '
        'string_agg(coalesce(canon_hash(r.canon), decode(repeat(''00'', 32), ''hex'')), ''''::bytea ORDER BY u.id) '
        'FROM unnest($4) u(id) LEFT JOIN canon_%2$s_rows() r ON r.id = u.id',
        CASE WHEN uuids IS NULL THEN 'row_ids' ELSE 'row_uuids' END, NEW.canon);
    IF uuids IS NULL THEN
        EXECUTE statement USING action, NEW.table_name, NEW.canon, numbers;
    ELSE
        EXECUTE statement USING action, NEW.table_name, NEW.canon, uuids;
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER audit_touched_settle AFTER INSERT ON audit_touched DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION audit_settle_touched();

-- Watch a table from now on, in a canonical form of these columns: its functions are made here, its triggers set, and
-- the rows that are there already are entered. The form of one name never changes; other columns are a form of the
-- next version, and the old functions stay for as long as manifests name them. `#column` enters a text by its hash alone:
-- for secrets that carry a salt of their own.
CREATE FUNCTION audit_watch(watched regclass, form text, columns text[]) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    one text;
    kind text;
    part text;
    parts text := '';
    id_kind text;
    place text;
BEGIN
    FOREACH one IN ARRAY columns LOOP
        SELECT format_type(atttypid, NULL) INTO STRICT kind FROM pg_attribute
        WHERE attrelid = watched AND attname = ltrim(one, '#') AND NOT attisdropped;
        part := CASE
            WHEN starts_with(one, '#') THEN 'encode(sha256(convert_to(r.%I, ''UTF8'')), ''hex'')'
            WHEN kind IN ('character varying', 'text', 'character', 'jsonb') OR kind LIKE '%[]'
                THEN 'canon_text(r.%I::text)'
            WHEN kind = 'date' THEN 'canon_day(r.%I)'
            WHEN kind = 'timestamp with time zone' THEN 'canon_moment(r.%I)'
            WHEN kind = 'time without time zone' THEN 'coalesce(extract(epoch FROM r.%I)::int::text, ''~'')'
            WHEN kind = 'bytea' THEN 'coalesce(encode(sha256(r.%I), ''hex''), ''~'')'
            WHEN kind IN ('bigint', 'integer', 'smallint', 'boolean', 'uuid', 'numeric')
                THEN 'coalesce(r.%I::text, ''~'')'
        END;
        IF part IS NULL THEN
            RAISE EXCEPTION 'no canonical text for % of type %', one, kind;
        END IF;
        parts := parts || ', ' || format(part, ltrim(one, '#'));
    END LOOP;
    SELECT CASE format_type(atttypid, NULL) WHEN 'uuid' THEN 'uuid' ELSE 'bigint' END INTO STRICT id_kind
    FROM pg_attribute WHERE attrelid = watched AND attname = 'id';
    place := CASE id_kind WHEN 'uuid' THEN 'row_uuids' ELSE 'row_ids' END;
    EXECUTE format(
        'CREATE FUNCTION canon_%1$s(r %2$s) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS '
        '$canon$ SELECT concat_ws(''|'', ''%1$s''%3$s) $canon$', form, watched, parts);
    EXECUTE format(
        'CREATE FUNCTION canon_%1$s_rows() RETURNS TABLE (id %3$s, canon text) LANGUAGE sql STABLE PARALLEL SAFE AS '
        '$canon$ SELECT r.id, canon_%1$s(r) FROM %2$s r $canon$', form, watched, id_kind);
    FOREACH one IN ARRAY ARRAY['insert', 'update', 'delete'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS audit_watch_%s ON %s', one, watched);
        EXECUTE format(
            'CREATE TRIGGER audit_watch_%1$s AFTER %1$s ON %2$s REFERENCING %3$s FOR EACH STATEMENT '
            'EXECUTE FUNCTION audit_watched(%4$L, %5$L)', one, watched,
            CASE one WHEN 'insert' THEN 'NEW TABLE AS after_rows' WHEN 'delete' THEN 'OLD TABLE AS before_rows'
                ELSE 'NEW TABLE AS after_rows OLD TABLE AS before_rows' END, form, place);
    END LOOP;
    EXECUTE format(
        'INSERT INTO audit_touched (table_name, canon, %I) SELECT %L, %L, array_agg(id) FROM %s HAVING count(*) > 0',
        place, watched::text, form, watched);
END
$$;
REVOKE EXECUTE ON FUNCTION audit_watch FROM PUBLIC;
