-- Each entry of the record carries the exact bytes that the log commits to, so that whoever verifies hashes what is
-- stored and builds nothing anew. The bytes are the canonical text of the row (see canon.sql): codes, numbers and hex as
-- they stand, free text with its length before it, NULL as a tilde.
--
-- The search path of everything here is fixed: who writes may make temporary tables, and none of them may be taken for
-- one of ours.

ALTER TABLE audit_action ADD CONSTRAINT audit_action_codes CHECK (
    position('|' in code || actor_role || region_code || subject_type) = 0);
ALTER TABLE audit_manifest ADD CONSTRAINT audit_manifest_names CHECK (position('|' in table_name || canon) = 0);

-- Rows that are there already are sealed as well. The columns come in one transaction with the lifting of the triggers
-- that would refuse it, and the triggers stand again before anybody else sees the tables.
ALTER TABLE audit_action DISABLE TRIGGER audit_action_keep;
ALTER TABLE audit_manifest DISABLE TRIGGER audit_manifest_keep;
ALTER TABLE audit_detail DISABLE TRIGGER audit_detail_only_erase;
ALTER TABLE audit_action ADD COLUMN body bytea;
ALTER TABLE audit_manifest ADD COLUMN body bytea;
ALTER TABLE audit_detail ADD COLUMN body bytea;

-- Microseconds since 1970: no session setting changes how a moment reads.
CREATE FUNCTION canon_moment(value timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce((extract(epoch FROM value) * 1000000)::bigint::text, '~')
$$;

CREATE FUNCTION canon_action_v1(a audit_action) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT concat_ws('|', 'action_v1', a.id, canon_moment(a.at), canon_text(a.db_user), canon_text(a.actor),
        coalesce(a.actor_id::text, '~'), a.actor_role, coalesce(a.institution_id::text, '~'), a.region_code, a.code,
        a.subject_type, canon_text(a.subject_id), a.n, canon_text(a.reason), canon_text(a.request_id),
        canon_text(a.before::text), canon_text(a.after::text))
$$;

CREATE FUNCTION canon_detail_v1(d audit_detail) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT concat_ws('|', 'detail_v1', d.id, d.action_id, coalesce(d.subject_person::text, '~'),
        encode(d.commitment, 'hex'))
$$;

-- The head of the tree over a manifest's hashes: RFC 6962, each leaf a piece of up to 256 hashes. It costs what hashing
-- the whole run at once would cost, and yet one row of 100,000 is proved by its piece and nine further hashes.
CREATE FUNCTION canon_rows_root(hashes bytea) RETURNS bytea LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    n int := (octet_length(hashes) + 8191) / 8192;
BEGIN
    hashes := (
        SELECT string_agg(sha256('\x00'::bytea || substr(hashes, 8192 * i + 1, 8192)), ''::bytea ORDER BY i)
        FROM generate_series(0, n - 1) i);
    WHILE n > 1 LOOP
        hashes := (
            SELECT string_agg(
                CASE WHEN 2 * i + 1 < n THEN sha256('\x01'::bytea || substr(hashes, 64 * i + 1, 64))
                     ELSE substr(hashes, 64 * i + 1, 32) END, ''::bytea ORDER BY i)
            FROM generate_series(0, (n - 1) / 2) i);
        n := (n + 1) / 2;
    END LOOP;
    RETURN hashes;
END
$$;

-- The ids of a set are hashed as their decimal or uuid texts with commas between.
CREATE FUNCTION canon_manifest_v1(m audit_manifest) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT concat_ws('|', 'manifest_v1', m.id, m.action_id, m.table_name, m.canon,
        coalesce(cardinality(m.row_ids), cardinality(m.row_uuids)),
        encode(sha256(convert_to(
            coalesce(array_to_string(m.row_ids, ','), array_to_string(m.row_uuids, ',')), 'UTF8')), 'hex'),
        encode(canon_rows_root(m.hashes), 'hex'))
$$;

-- convert_to is not IMMUTABLE, so the bytes cannot be a generated column; their hash can.
UPDATE audit_action a SET body = convert_to(canon_action_v1(a), 'UTF8');
UPDATE audit_detail d SET body = convert_to(canon_detail_v1(d), 'UTF8');
UPDATE audit_manifest m SET body = convert_to(canon_manifest_v1(m), 'UTF8');
ALTER TABLE audit_action
    ALTER COLUMN body SET NOT NULL,
    ADD COLUMN leaf_hash bytea GENERATED ALWAYS AS (sha256('\x00'::bytea || body)) STORED;
ALTER TABLE audit_detail
    ALTER COLUMN body SET NOT NULL,
    ADD COLUMN leaf_hash bytea GENERATED ALWAYS AS (sha256('\x00'::bytea || body)) STORED;
ALTER TABLE audit_manifest
    ALTER COLUMN body SET NOT NULL,
    ADD COLUMN leaf_hash bytea GENERATED ALWAYS AS (sha256('\x00'::bytea || body)) STORED;
ALTER TABLE audit_action ENABLE ALWAYS TRIGGER audit_action_keep;
ALTER TABLE audit_manifest ENABLE ALWAYS TRIGGER audit_manifest_keep;
ALTER TABLE audit_detail ENABLE ALWAYS TRIGGER audit_detail_only_erase;

-- Whatever an INSERT claims: moment, database role and sealed bytes are the database's own. Not ALWAYS, because a
-- replica must keep those of the original.
CREATE OR REPLACE FUNCTION audit_seal() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.at := statement_timestamp();
    NEW.db_user := session_user;
    NEW.body := convert_to(canon_action_v1(NEW), 'UTF8');
    RETURN NEW;
END
$$;

CREATE FUNCTION audit_seal_detail() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.body := convert_to(canon_detail_v1(NEW), 'UTF8');
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_detail_seal BEFORE INSERT ON audit_detail
    FOR EACH ROW EXECUTE FUNCTION audit_seal_detail();

CREATE FUNCTION audit_seal_manifest() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.body := convert_to(canon_manifest_v1(NEW), 'UTF8');
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_manifest_seal BEFORE INSERT ON audit_manifest
    FOR EACH ROW EXECUTE FUNCTION audit_seal_manifest();

-- Erasing takes salt and content; everything that the log committed to stays as it is.
CREATE OR REPLACE FUNCTION audit_only_erase() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.erased_at IS NULL AND NEW.salt IS NULL AND NEW.detail IS NULL
       AND (NEW.id, NEW.action_id, NEW.commitment, NEW.body) = (OLD.id, OLD.action_id, OLD.commitment, OLD.body)
       AND NEW.subject_person IS NOT DISTINCT FROM OLD.subject_person
    THEN
        NEW.erased_at := statement_timestamp();
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE on % is refused: a detail can only be erased, once', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

-- The queue that feeds the log: written in the transaction of the entry, emptied by the notary alone. Ids and
-- transaction numbers say nothing about the order of commits; a row in a queue is there exactly when it is committed.
CREATE FUNCTION audit_enqueue() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO public.audit_pending (kind, row_id) SELECT TG_ARGV[0], added.id FROM added;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_action_enqueue AFTER INSERT ON audit_action
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_enqueue('a');
CREATE TRIGGER audit_detail_enqueue AFTER INSERT ON audit_detail
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_enqueue('d');
CREATE TRIGGER audit_manifest_enqueue AFTER INSERT ON audit_manifest
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_enqueue('m');
INSERT INTO audit_pending (kind, row_id) SELECT 'a', id FROM audit_action;
INSERT INTO audit_pending (kind, row_id) SELECT 'd', id FROM audit_detail;
INSERT INTO audit_pending (kind, row_id) SELECT 'm', id FROM audit_manifest;

-- What the notary wrote stays: leaves and checkpoints are history too.
CREATE TRIGGER audit_leaf_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaf
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_checkpoint_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_leaf ENABLE ALWAYS TRIGGER audit_leaf_keep;
ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER audit_checkpoint_keep;
ALTER TABLE audit_leaf ADD CONSTRAINT audit_leaf_shape CHECK (kind IN ('a', 'd', 'm') AND octet_length(hash) = 32);
ALTER TABLE audit_pending ADD CONSTRAINT audit_pending_kind CHECK (kind IN ('a', 'd', 'm'));

-- The one road by which the application writes an action: it gives what was done, and neither moment, role, number nor
-- sealed bytes. With a salt it adds the erasable detail in the same statement; `detail` is the exact text that is
-- committed to, and the commitment is computed here.
CREATE FUNCTION audit_log(
    code text, subject_type text, subject_id text, n bigint, reason text, before jsonb, after jsonb,
    actor text, actor_id bigint, actor_role text, institution_id bigint, region_code text, request_id text,
    subject_person uuid DEFAULT NULL, salt bytea DEFAULT NULL, detail text DEFAULT NULL
) RETURNS audit_action LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    written public.audit_action;
BEGIN
    INSERT INTO public.audit_action AS a (code, subject_type, subject_id, n, reason, before, after, actor, actor_id,
        actor_role, institution_id, region_code, request_id)
    VALUES (code, subject_type, subject_id, n, reason, before, after, actor, actor_id, actor_role, institution_id,
        region_code, request_id)
    RETURNING a.* INTO written;
    IF salt IS NOT NULL THEN
        INSERT INTO public.audit_detail (action_id, subject_person, salt, detail, commitment)
        VALUES (written.id, subject_person, salt, detail::jsonb, sha256(salt || convert_to(detail, 'UTF8')));
    END IF;
    RETURN written;
END
$$;
REVOKE EXECUTE ON FUNCTION audit_log FROM PUBLIC;

-- The one road by which a detail is erased. Whether it may be (retention, two persons) is decided before.
CREATE FUNCTION audit_erase_person(person uuid) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    erased bigint;
BEGIN
    UPDATE public.audit_detail d SET salt = NULL, detail = NULL
    WHERE d.subject_person = person AND d.erased_at IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
REVOKE EXECUTE ON FUNCTION audit_erase_person FROM PUBLIC;
