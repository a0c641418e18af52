-- References are checked at once (rows are written parent first); see registry/people/sql/immediate_keys.sql.
DO $$
DECLARE found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS place, conname
        FROM pg_constraint
        WHERE contype = 'f' AND condeferrable
          AND conrelid IN ('classes_trainingclass'::regclass, 'classes_session'::regclass,
                           'enrolments_enrolment'::regclass, 'claims_payment'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER CONSTRAINT %I NOT DEFERRABLE', found.place, found.conname);
    END LOOP;
END $$;

-- For every division, the county, prefecture and province that a row booked there counts in.
-- One that hangs directly under a province is its own prefecture; a province's own level is its own everything.
CREATE VIEW enrolments_node AS
SELECT r.code AS region_code,
       coalesce(min(c.ancestor_id) FILTER (WHERE a.level = 2), r.code) AS prefecture,
       coalesce(min(c.ancestor_id) FILTER (WHERE a.level = 1), r.code) AS province
FROM regions_region r
JOIN regions_closure c ON c.descendant_id = r.code
JOIN regions_region a ON a.code = c.ancestor_id
GROUP BY r.code;

-- Which of a row's marks another row of the same person has already taken. Bit layout: docs/decisions, counting people.
CREATE FUNCTION enrolments_taken(
    same_year boolean, same_plan boolean, same_institution boolean, same_county boolean,
    same_prefecture boolean, same_province boolean, both_subsidised boolean
) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- One expression, so that it is folded into the statement; times 257 sets the subsidised half as well.
RETURN (CASE WHEN same_institution AND same_year THEN 1 ELSE 0 END
      | CASE WHEN same_institution AND same_plan THEN 2 ELSE 0 END
      | CASE WHEN same_county AND same_year THEN 4 ELSE 0 END
      | CASE WHEN same_county AND same_plan THEN 8 ELSE 0 END
      | CASE WHEN same_prefecture AND same_year THEN 16 ELSE 0 END
      | CASE WHEN same_prefecture AND same_plan THEN 32 ELSE 0 END
      | CASE WHEN same_province AND same_year THEN 64 ELSE 0 END
      | CASE WHEN same_province AND same_plan THEN 128 ELSE 0 END)
      * CASE WHEN both_subsidised THEN 257 ELSE 1 END;

CREATE FUNCTION enrolments_refresh_firsts(person_ids uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE changed integer;
BEGIN
    WITH counted AS (
        SELECT e.id, e.person_id, k.institution_id, e.region_code AS county, n.prefecture, n.province,
               extract(year FROM e.finished_on)::int AS year,
               e.funding = 'subsidised' AS subsidised
        FROM enrolments_enrolment e
        JOIN classes_trainingclass k ON k.id = e.klass_id
        JOIN enrolments_node n ON n.region_code = e.region_code
        WHERE e.person_id = ANY (person_ids) AND e.finished_on IS NOT NULL
    ), marked AS (
        SELECT c.id,
               CASE WHEN c.subsidised THEN 65535 ELSE 255 END
               & ~coalesce(bit_or(enrolments_taken(
                     p.year = c.year, (p.year - 1) / 5 = (c.year - 1) / 5, p.institution_id = c.institution_id,
                     p.county = c.county, p.prefecture = c.prefecture, p.province = c.province,
                     p.subsidised AND c.subsidised)), 0) AS firsts
        FROM counted c
        LEFT JOIN counted p ON p.person_id = c.person_id AND p.id < c.id
        GROUP BY c.id, c.subsidised
    )
    UPDATE enrolments_enrolment e SET firsts = coalesce(m.firsts, 0)
    FROM enrolments_enrolment x LEFT JOIN marked m ON m.id = x.id
    WHERE x.person_id = ANY (person_ids) AND e.id = x.id AND e.firsts <> coalesce(m.firsts, 0);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

-- Whoever moves, ends or removes a row, by whatever way: the person's marks follow in the same transaction.
CREATE FUNCTION enrolments_follow_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT person) INTO touched
    FROM was JOIN now_is USING (id), LATERAL (VALUES (was.person_id), (now_is.person_id)) both_sides (person)
    WHERE (was.person_id, was.klass_id, was.finished_on, was.region_code, was.funding)
          IS DISTINCT FROM
          (now_is.person_id, now_is.klass_id, now_is.finished_on, now_is.region_code, now_is.funding);
    IF touched IS NOT NULL THEN
        PERFORM enrolments_refresh_firsts(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER enrolments_a_follow_update AFTER UPDATE ON enrolments_enrolment
    REFERENCING OLD TABLE AS was NEW TABLE AS now_is
    FOR EACH STATEMENT EXECUTE FUNCTION enrolments_follow_update();

CREATE FUNCTION enrolments_follow_delete() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE touched uuid[];
BEGIN
    SELECT array_agg(DISTINCT person_id) INTO touched FROM was;
    IF touched IS NOT NULL THEN
        PERFORM enrolments_refresh_firsts(touched);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER enrolments_a_follow_delete AFTER DELETE ON enrolments_enrolment
    REFERENCING OLD TABLE AS was
    FOR EACH STATEMENT EXECUTE FUNCTION enrolments_follow_delete();

-- One row as it was registered, for manifests; how such a text is written is said in registry/audit/sql/canon.sql.
-- A changed table gets a canon of the next number; this one stays for ever.
CREATE FUNCTION canon_enrolment_v1(e enrolments_enrolment) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'enrolment_v1', e.id, e.person_id, e.klass_id, e.state, e.category,
        coalesce(e.hours::text, '~'), coalesce(e.score::text, '~'), e.result, canon_day(e.started_on),
        canon_day(e.finished_on), e.region_code, e.funding, e.training_type, coalesce(e.batch_id::text, '~'),
        coalesce(e.row_no::text, '~'))
$$;

CREATE FUNCTION canon_enrolment_v1_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT e.id, canon_enrolment_v1(e) FROM enrolments_enrolment e
$$;

-- A row that another sheet than its own reported the result of; as the first form, with that sheet's row.
CREATE FUNCTION canon_enrolment_v2(e enrolments_enrolment) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'enrolment_v2', e.id, e.person_id, e.klass_id, e.state, e.category,
        coalesce(e.hours::text, '~'), coalesce(e.score::text, '~'), e.result, canon_day(e.started_on),
        canon_day(e.finished_on), e.region_code, e.funding, e.training_type, coalesce(e.batch_id::text, '~'),
        coalesce(e.row_no::text, '~'), coalesce(e.result_batch_id::text, '~'), coalesce(e.result_row_no::text, '~'))
$$;

CREATE FUNCTION canon_enrolment_v2_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT e.id, canon_enrolment_v2(e) FROM enrolments_enrolment e
$$;

CREATE FUNCTION canon_payment_v1(p claims_payment) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'payment_v1', p.id, p.enrolment_id, p.amount_fen, p.fund, canon_day(p.paid_on), p.basis,
        p.region_code, coalesce(p.batch_id::text, '~'), coalesce(p.row_no::text, '~'))
$$;

CREATE FUNCTION canon_payment_v1_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.id, canon_payment_v1(p) FROM claims_payment p
$$;
