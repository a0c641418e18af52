-- Record anew who counts for each indicator that counts people by name: after a change of such an indicator.
CREATE FUNCTION targets_rebuild_people() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    LOCK TABLE enrolments_enrolment IN SHARE ROW EXCLUSIVE MODE;
    PERFORM pg_advisory_xact_lock(hashtext('targets_fold'));
    DELETE FROM targets_person_delta;
    DELETE FROM targets_person;
    WITH tracked AS MATERIALIZED (SELECT * FROM targets_tracked)
    INSERT INTO targets_person (indicator_id, region_code, person_id, n)
    SELECT t.code, e.region_code, e.person_id, count(*)
    FROM enrolments_enrolment e JOIN tracked t
      ON e.finished_on BETWEEN t.since AND t.until
     AND (t.category IS NULL OR e.category = ANY (t.category))
     AND (t.training_type IS NULL OR e.training_type = ANY (t.training_type))
     AND (t.funding IS NULL OR e.funding = ANY (t.funding))
     AND e.region_code = ANY (t.leaves)
    GROUP BY 1, 2, 3;
END $$;

-- Make the roll-ups anew from the rows: after a restore, or when verify found a difference.
-- Writers wait until it ends; nothing that they add can fall between the count and the triggers.
CREATE FUNCTION targets_rebuild() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE lines bigint;
BEGIN
    LOCK TABLE enrolments_enrolment, issuance_certificate, claims_payment IN SHARE ROW EXCLUSIVE MODE;
    PERFORM pg_advisory_xact_lock(hashtext('targets_fold'));
    TRUNCATE targets_delta, targets_class_month, targets_node_month, targets_node_year,
             targets_cube_class, targets_cube_month, targets_cube_year,
             targets_provider_year, targets_cube_provider;

    PERFORM targets_rebuild_people();

    CREATE TEMP TABLE fold_delta (LIKE targets_delta INCLUDING DEFAULTS) ON COMMIT DROP;
    ALTER TABLE fold_delta ALTER id DROP NOT NULL;
    INSERT INTO fold_delta (source, region_code, klass_id, started_month, month,
                            funding, training_type, category, firsts, n)
    SELECT 'e', region_code, klass_id, targets_month(started_on), targets_month(finished_on),
           funding, training_type, category, firsts, count(*)
    FROM enrolments_enrolment
    GROUP BY klass_id, region_code, started_on, finished_on, funding, training_type, category, firsts;

    INSERT INTO fold_delta (source, region_code, institution_id, month, family, rank, n, high)
    SELECT 'c', region_code, coalesce(institution_id, 0), targets_month(line.day), family, coalesce(level_id, 0),
           sum(line.sign), sum(CASE WHEN first_high THEN line.sign ELSE 0 END)
    FROM issuance_certificate CROSS JOIN LATERAL (VALUES
        (issued_on, 1), (CASE WHEN state = 'revoked' THEN coalesce(state_on, issued_on) END, -1)) line (day, sign)
    WHERE line.day IS NOT NULL
    GROUP BY region_code, institution_id, targets_month(line.day), family, level_id;

    INSERT INTO fold_delta (source, region_code, klass_id, month, n, amount_fen)
    SELECT 'p', p.region_code, e.klass_id, targets_month(coalesce(p.paid_on, e.finished_on, e.started_on)),
           sum(p.is_first::int), sum(p.amount_fen)
    FROM (SELECT *, row_number() OVER (PARTITION BY enrolment_id ORDER BY id) = 1 AS is_first FROM claims_payment) p
    JOIN enrolments_enrolment e ON e.id = p.enrolment_id
    GROUP BY 2, 3, 4;

    SELECT count(*) INTO lines FROM fold_delta;
    PERFORM targets_fold_taken();
    RETURN lines;
END $$;
