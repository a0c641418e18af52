-- A certificate that replaces another is not counted again (换证、补办不重复计), and as revoking takes the whole chain along,
-- what was counted is taken off with the first of the chain, in the month of revocation. So the lines of a certificate
-- are as before, for those that replace none.

CREATE OR REPLACE FUNCTION targets_certificates_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, institution_id, month, family, rank, n, high)
    SELECT 'c', region_code, coalesce(institution_id, 0), targets_month(line.day), family, coalesce(level_id, 0),
           sum(line.sign), sum(CASE WHEN first_high THEN line.sign ELSE 0 END)
    FROM came CROSS JOIN LATERAL (VALUES
        (issued_on, 1), (CASE WHEN state = 'revoked' THEN coalesce(state_on, issued_on) END, -1)) line (day, sign)
    WHERE line.day IS NOT NULL AND replaces_id IS NULL
    GROUP BY region_code, institution_id, targets_month(line.day), family, level_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION targets_certificates_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, institution_id, month, family, rank, n, high)
    SELECT 'c', region_code, coalesce(institution_id, 0), targets_month(line.day), family, coalesce(level_id, 0),
           -sum(line.sign), -sum(CASE WHEN first_high THEN line.sign ELSE 0 END)
    FROM gone CROSS JOIN LATERAL (VALUES
        (issued_on, 1), (CASE WHEN state = 'revoked' THEN coalesce(state_on, issued_on) END, -1)) line (day, sign)
    WHERE line.day IS NOT NULL AND replaces_id IS NULL
    GROUP BY region_code, institution_id, targets_month(line.day), family, level_id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION targets_certificates_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, institution_id, month, family, rank, n, high)
    SELECT 'c', region_code, coalesce(institution_id, 0), targets_month(line.day), family, coalesce(level_id, 0),
           sum(side * line.sign), sum(CASE WHEN first_high THEN side * line.sign ELSE 0 END)
    FROM (SELECT -1 AS side, region_code, institution_id, family, level_id, first_high, issued_on, state, state_on,
                 replaces_id
          FROM gone
          UNION ALL
          SELECT 1, region_code, institution_id, family, level_id, first_high, issued_on, state, state_on,
                 replaces_id
          FROM came) both_sides
    CROSS JOIN LATERAL (VALUES
        (issued_on, 1), (CASE WHEN state = 'revoked' THEN coalesce(state_on, issued_on) END, -1)) line (day, sign)
    WHERE line.day IS NOT NULL AND replaces_id IS NULL
    GROUP BY region_code, institution_id, targets_month(line.day), family, level_id
    HAVING sum(side * line.sign) <> 0 OR sum(CASE WHEN first_high THEN side * line.sign ELSE 0 END) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION targets_rebuild() RETURNS bigint LANGUAGE plpgsql AS $$
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
    WHERE line.day IS NOT NULL AND replaces_id IS NULL
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
