-- Roll-ups, first half: every change of a counted row leaves lines in targets_delta, in the same transaction.
-- Statement triggers with transition tables: one grouped INSERT per statement, whatever the number of rows.
-- Lines are only ever appended, so two imports into one county never wait for each other.

CREATE FUNCTION targets_month(day date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN day - (extract(day FROM day)::int - 1);

-- ---------------------------------------------------------------- enrolments: 开班人次, 结业人次, 人数

-- Indicators that count people under a filter of their own, where marks on rows do not help: few, and few rows match.
-- Read it through a MATERIALIZED CTE: its arrays must be made once, not once for every row it is joined to.
CREATE VIEW targets_tracked AS
SELECT i.code, p.period_from AS since, p.period_to AS until,
       ARRAY(SELECT descendant_id FROM regions_closure WHERE ancestor_id = p.region_id) AS leaves,
       CASE WHEN i.filter ? 'funding'
            THEN ARRAY(SELECT jsonb_array_elements_text(i.filter -> 'funding')) END AS funding,
       CASE WHEN i.filter ? 'training_type'
            THEN ARRAY(SELECT jsonb_array_elements_text(i.filter -> 'training_type')) END AS training_type,
       CASE WHEN i.filter ? 'category'
            THEN ARRAY(SELECT jsonb_array_elements_text(i.filter -> 'category')) END AS category
FROM targets_indicator i JOIN targets_plan p ON p.code = i.plan_id
WHERE i.tracks_people AND i.event = 'finished';

CREATE FUNCTION targets_enrolments_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, klass_id, started_month, month,
                               funding, training_type, category, firsts, n)
    -- A class ends on one day, so grouping by day and cutting to the month afterwards costs no lines.
    SELECT 'e', region_code, klass_id, targets_month(started_on), targets_month(finished_on),
           funding, training_type, category, firsts, count(*)
    FROM came
    GROUP BY klass_id, region_code, started_on, finished_on, funding, training_type, category, firsts;
    WITH tracked AS MATERIALIZED (SELECT * FROM targets_tracked)
    INSERT INTO targets_person_delta (indicator_id, region_code, person_id, n)
    SELECT t.code, e.region_code, e.person_id, count(*)
    FROM came e JOIN tracked t
      ON e.finished_on BETWEEN t.since AND t.until
     AND (t.category IS NULL OR e.category = ANY (t.category))
     AND (t.training_type IS NULL OR e.training_type = ANY (t.training_type))
     AND (t.funding IS NULL OR e.funding = ANY (t.funding))
     AND e.region_code = ANY (t.leaves)
    GROUP BY 1, 2, 3;
    RETURN NULL;
END $$;

CREATE FUNCTION targets_enrolments_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, klass_id, started_month, month,
                               funding, training_type, category, firsts, n)
    SELECT 'e', region_code, klass_id, targets_month(started_on), targets_month(finished_on),
           funding, training_type, category, firsts, -count(*)
    FROM gone
    GROUP BY klass_id, region_code, started_on, finished_on, funding, training_type, category, firsts;
    WITH tracked AS MATERIALIZED (SELECT * FROM targets_tracked)
    INSERT INTO targets_person_delta (indicator_id, region_code, person_id, n)
    SELECT t.code, e.region_code, e.person_id, -count(*)
    FROM gone e JOIN tracked t
      ON e.finished_on BETWEEN t.since AND t.until
     AND (t.category IS NULL OR e.category = ANY (t.category))
     AND (t.training_type IS NULL OR e.training_type = ANY (t.training_type))
     AND (t.funding IS NULL OR e.funding = ANY (t.funding))
     AND e.region_code = ANY (t.leaves)
    GROUP BY 1, 2, 3;
    RETURN NULL;
END $$;

CREATE FUNCTION targets_enrolments_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, klass_id, started_month, month,
                               funding, training_type, category, firsts, n)
    SELECT 'e', region_code, klass_id, targets_month(started_on), targets_month(finished_on),
           funding, training_type, category, firsts, sum(sign)
    FROM (SELECT -1 AS sign, klass_id, region_code, started_on, finished_on, funding, training_type, category, firsts
          FROM gone
          UNION ALL
          SELECT 1, klass_id, region_code, started_on, finished_on, funding, training_type, category, firsts
          FROM came) both_sides
    GROUP BY klass_id, region_code, started_on, finished_on, funding, training_type, category, firsts
    HAVING sum(sign) <> 0;

    -- A payment is counted in its row's class and, when undated, in its row's month: it moves with the row.
    WITH moved AS (
        SELECT g.id, g.klass_id AS klass_before, c.klass_id AS klass_after,
               coalesce(g.finished_on, g.started_on) AS day_before,
               coalesce(c.finished_on, c.started_on) AS day_after
        FROM gone g JOIN came c USING (id)
        WHERE (g.klass_id, g.started_on, g.finished_on) IS DISTINCT FROM (c.klass_id, c.started_on, c.finished_on)
    ), sides AS (
        SELECT p.region_code, s.klass_id, targets_month(coalesce(p.paid_on, s.day)) AS month,
               s.sign * CASE WHEN targets_is_first_payment(p) THEN 1 ELSE 0 END AS n, s.sign * p.amount_fen AS amount
        FROM moved m
        JOIN claims_payment p ON p.enrolment_id = m.id
        CROSS JOIN LATERAL (VALUES (-1, m.klass_before, m.day_before), (1, m.klass_after, m.day_after))
            s (sign, klass_id, day)
    )
    INSERT INTO targets_delta (source, region_code, klass_id, month, n, amount_fen)
    SELECT 'p', region_code, klass_id, month, sum(n), sum(amount)
    FROM sides GROUP BY region_code, klass_id, month HAVING sum(n) <> 0 OR sum(amount) <> 0;
    WITH tracked AS MATERIALIZED (SELECT * FROM targets_tracked)
    INSERT INTO targets_person_delta (indicator_id, region_code, person_id, n)
    SELECT t.code, e.region_code, e.person_id, sum(e.sign)
    FROM (SELECT -1 AS sign, * FROM gone UNION ALL SELECT 1, * FROM came) e JOIN tracked t
      ON e.finished_on BETWEEN t.since AND t.until
     AND (t.category IS NULL OR e.category = ANY (t.category))
     AND (t.training_type IS NULL OR e.training_type = ANY (t.training_type))
     AND (t.funding IS NULL OR e.funding = ANY (t.funding))
     AND e.region_code = ANY (t.leaves)
    GROUP BY 1, 2, 3 HAVING sum(e.sign) <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER targets_came AFTER INSERT ON enrolments_enrolment
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION targets_enrolments_came();
CREATE TRIGGER targets_went AFTER DELETE ON enrolments_enrolment
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION targets_enrolments_went();
CREATE TRIGGER targets_changed AFTER UPDATE ON enrolments_enrolment
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION targets_enrolments_changed();

-- ---------------------------------------------------------------- certificates: 取证人次, 新增高技能人才
-- A certificate counts in the month of issue; a revoked one is taken off in the month it was revoked (domain §6.1),
-- so a month that was reported stays as it was. Since replacements exist: sql/replaced.sql.

CREATE FUNCTION targets_certificates_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, institution_id, month, family, rank, n, high)
    SELECT 'c', region_code, coalesce(institution_id, 0), targets_month(line.day), family, coalesce(level_id, 0),
           sum(line.sign), sum(CASE WHEN first_high THEN line.sign ELSE 0 END)
    FROM came CROSS JOIN LATERAL (VALUES
        (issued_on, 1), (CASE WHEN state = 'revoked' THEN coalesce(state_on, issued_on) END, -1)) line (day, sign)
    WHERE line.day IS NOT NULL
    GROUP BY region_code, institution_id, targets_month(line.day), family, level_id;
    RETURN NULL;
END $$;

CREATE FUNCTION targets_certificates_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, institution_id, month, family, rank, n, high)
    SELECT 'c', region_code, coalesce(institution_id, 0), targets_month(line.day), family, coalesce(level_id, 0),
           -sum(line.sign), -sum(CASE WHEN first_high THEN line.sign ELSE 0 END)
    FROM gone CROSS JOIN LATERAL (VALUES
        (issued_on, 1), (CASE WHEN state = 'revoked' THEN coalesce(state_on, issued_on) END, -1)) line (day, sign)
    WHERE line.day IS NOT NULL
    GROUP BY region_code, institution_id, targets_month(line.day), family, level_id;
    RETURN NULL;
END $$;

CREATE FUNCTION targets_certificates_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, institution_id, month, family, rank, n, high)
    SELECT 'c', region_code, coalesce(institution_id, 0), targets_month(line.day), family, coalesce(level_id, 0),
           sum(side * line.sign), sum(CASE WHEN first_high THEN side * line.sign ELSE 0 END)
    FROM (SELECT -1 AS side, region_code, institution_id, family, level_id, first_high, issued_on, state, state_on
          FROM gone
          UNION ALL
          SELECT 1, region_code, institution_id, family, level_id, first_high, issued_on, state, state_on
          FROM came) both_sides
    CROSS JOIN LATERAL (VALUES
        (issued_on, 1), (CASE WHEN state = 'revoked' THEN coalesce(state_on, issued_on) END, -1)) line (day, sign)
    WHERE line.day IS NOT NULL
    GROUP BY region_code, institution_id, targets_month(line.day), family, level_id
    HAVING sum(side * line.sign) <> 0 OR sum(CASE WHEN first_high THEN side * line.sign ELSE 0 END) <> 0;
    RETURN NULL;
END $$;

CREATE TRIGGER targets_came AFTER INSERT ON issuance_certificate
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION targets_certificates_came();
CREATE TRIGGER targets_went AFTER DELETE ON issuance_certificate
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION targets_certificates_went();
CREATE TRIGGER targets_changed AFTER UPDATE ON issuance_certificate
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION targets_certificates_changed();

-- ---------------------------------------------------------------- emptied tables have empty roll-ups

CREATE FUNCTION targets_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE measures smallint[] := TG_ARGV[1];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('targets_fold'));
    DELETE FROM targets_delta WHERE source = TG_ARGV[0];
    IF TG_ARGV[0] = 'e' THEN
        DELETE FROM targets_person_delta;
        DELETE FROM targets_person;
    END IF;
    DELETE FROM targets_class_month WHERE measure = ANY (measures);
    DELETE FROM targets_node_month WHERE measure = ANY (measures);
    DELETE FROM targets_node_year WHERE measure = ANY (measures);
    DELETE FROM targets_cube_class WHERE measure = ANY (measures);
    DELETE FROM targets_cube_month WHERE measure = ANY (measures);
    DELETE FROM targets_cube_year WHERE measure = ANY (measures);
    DELETE FROM targets_provider_year WHERE measure = ANY (measures);
    DELETE FROM targets_cube_provider WHERE measure = ANY (measures);
    RETURN NULL;
END $$;

CREATE TRIGGER targets_emptied AFTER TRUNCATE ON enrolments_enrolment
    FOR EACH STATEMENT EXECUTE FUNCTION targets_emptied('e', '{1,2}');
CREATE TRIGGER targets_emptied AFTER TRUNCATE ON issuance_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION targets_emptied('c', '{3,4}');
CREATE TRIGGER targets_emptied AFTER TRUNCATE ON claims_payment
    FOR EACH STATEMENT EXECUTE FUNCTION targets_emptied('p', '{5}');
