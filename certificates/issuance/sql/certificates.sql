-- References are checked at once; see registry/people/sql/immediate_keys.sql.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS place, conname
        FROM pg_constraint
        WHERE contype = 'f' AND condeferrable AND conrelid = 'issuance_certificate'::regclass
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I NOT DEFERRABLE', found.place, found.conname);
    END LOOP;
END $$;

-- A person becomes highly skilled once: the earliest standing certificate of such a level carries the mark.
CREATE FUNCTION issuance_refresh_first_high(person_ids uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE changed integer;
BEGIN
    WITH ranked AS (
        SELECT c.id, row_number() OVER (PARTITION BY c.person_id ORDER BY c.issued_on, c.id) = 1 AS is_first
        FROM issuance_certificate c
        JOIN occupations_skilllevel l ON l.rank = c.level_id AND l.high_skilled
        WHERE c.person_id = ANY (person_ids)
          AND c.state <> 'revoked' AND c.family IN ('skill_level', 'qualification')
    )
    UPDATE issuance_certificate c SET first_high = coalesce(r.is_first, false)
    FROM issuance_certificate x LEFT JOIN ranked r ON r.id = x.id
    WHERE x.person_id = ANY (person_ids) AND c.id = x.id AND c.first_high <> coalesce(r.is_first, false);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

CREATE FUNCTION issuance_follow_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT person) INTO touched
    FROM was JOIN now_is USING (id), LATERAL (VALUES (was.person_id), (now_is.person_id)) both_sides (person)
    WHERE (was.person_id, was.state, was.level_id, was.family, was.issued_on)
          IS DISTINCT FROM (now_is.person_id, now_is.state, now_is.level_id, now_is.family, now_is.issued_on);
    IF touched IS NOT NULL THEN
        PERFORM issuance_refresh_first_high(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER issuance_a_follow_update AFTER UPDATE ON issuance_certificate
    REFERENCING OLD TABLE AS was NEW TABLE AS now_is
    FOR EACH STATEMENT EXECUTE FUNCTION issuance_follow_update();

CREATE FUNCTION issuance_follow_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT person_id) INTO touched FROM was WHERE first_high;
    IF touched IS NOT NULL THEN
        PERFORM issuance_refresh_first_high(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER issuance_a_follow_delete AFTER DELETE ON issuance_certificate
    REFERENCING OLD TABLE AS was
    FOR EACH STATEMENT EXECUTE FUNCTION issuance_follow_delete();

CREATE FUNCTION canon_certificate_v1(c issuance_certificate) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'certificate_v1', c.id, c.person_id, c.family, canon_text(c.number), canon_text(c.name),
        canon_text(c.occupation_text), coalesce(c.level_id::text, '~'), coalesce(c.institution_id::text, '~'),
        c.region_code, canon_day(c.issued_on), c.state, c.basis, c.structure, coalesce(c.enrolment_id::text, '~'),
        coalesce(c.batch_id::text, '~'), coalesce(c.row_no::text, '~'))
$$;

CREATE FUNCTION canon_certificate_v1_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.id, canon_certificate_v1(c) FROM issuance_certificate c
$$;
