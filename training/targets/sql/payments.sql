-- ---------------------------------------------------------------- payments: 补贴人次 and money
-- 补贴人次 counts a paid enrolment once: its first payment stands for it, later ones bring only money.
-- A payment that the ledger did not date is counted in the month its training ended.

CREATE OR REPLACE FUNCTION targets_is_first_payment(p claims_payment) RETURNS boolean LANGUAGE sql STABLE
RETURN NOT EXISTS (SELECT FROM claims_payment q WHERE q.enrolment_id = p.enrolment_id AND q.id < p.id);

CREATE OR REPLACE FUNCTION targets_payments_came() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines integer;
BEGIN
    -- An import enrols and pays in one transaction: nobody else sees these enrolments, and each has this one payment.
    -- Enrolment by enrolment through the indexes, here and below: within a first import nobody has statistics of
    -- either table, and joins would go through all of both for every span of rows.
    WITH paid AS MATERIALIZED (
        SELECT c.region_code, e.klass_id, coalesce(c.paid_on, e.day) AS day, c.amount_fen,
               e.is_ours AND other.is_there IS NULL AS is_plain
        FROM came c
        CROSS JOIN LATERAL (
            SELECT e.klass_id, coalesce(e.finished_on, e.started_on) AS day, e.xmin = pg_current_xact_id()::xid AS is_ours
            FROM enrolments_enrolment e WHERE e.id = c.enrolment_id OFFSET 0) e
        LEFT JOIN LATERAL (
            SELECT true AS is_there FROM claims_payment p
            WHERE p.enrolment_id = c.enrolment_id AND p.id <> c.id LIMIT 1) other ON true
    )
    INSERT INTO targets_delta (source, region_code, klass_id, month, n, amount_fen)
    SELECT 'p', region_code, klass_id, targets_month(day), count(*), sum(amount_fen)
    FROM paid WHERE (SELECT bool_and(is_plain) FROM paid)
    GROUP BY region_code, klass_id, targets_month(day);
    GET DIAGNOSTICS lines = ROW_COUNT;
    IF lines = 0 THEN
        PERFORM targets_pay_older(array_agg(id)) FROM came;
    END IF;
    RETURN NULL;
END $$;

-- The same of payments whose enrolments stood before, or have other payments.
CREATE OR REPLACE FUNCTION targets_pay_older(payments bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Two transactions that pay one older enrolment would each think that theirs is the first: they take turns.
    PERFORM FROM enrolments_enrolment e
    WHERE e.id IN (SELECT p.enrolment_id FROM claims_payment p WHERE p.id = ANY (payments))
      AND e.xmin <> pg_current_xact_id()::xid
    ORDER BY e.id FOR NO KEY UPDATE;

    INSERT INTO targets_delta (source, region_code, klass_id, month, n, amount_fen)
    WITH came AS MATERIALIZED (
        SELECT id, enrolment_id FROM claims_payment WHERE id = ANY (payments)
    ), held AS (
        SELECT p.*, e.klass_id, coalesce(p.paid_on, e.day) AS day, c.id IS NOT NULL AS is_new,
               min(p.id) OVER paid AS first_id, min(p.id) FILTER (WHERE c.id IS NULL) OVER paid AS first_before
        FROM (SELECT DISTINCT enrolment_id FROM came) x
        CROSS JOIN LATERAL (
            SELECT e.klass_id, coalesce(e.finished_on, e.started_on) AS day
            FROM enrolments_enrolment e WHERE e.id = x.enrolment_id OFFSET 0) e
        CROSS JOIN LATERAL (
            SELECT p.id, p.enrolment_id, p.region_code, p.paid_on, p.amount_fen
            FROM claims_payment p WHERE p.enrolment_id = x.enrolment_id OFFSET 0) p
        LEFT JOIN came c ON c.id = p.id
        WINDOW paid AS (PARTITION BY p.enrolment_id)
    )
    SELECT 'p', region_code, klass_id, targets_month(day),
           count(*) FILTER (WHERE id = first_id) - count(*) FILTER (WHERE id = first_before),
           coalesce(sum(amount_fen) FILTER (WHERE is_new), 0)
    FROM held
    WHERE is_new OR id = first_before
    GROUP BY region_code, klass_id, targets_month(day);
END $$;

CREATE OR REPLACE FUNCTION targets_payments_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO targets_delta (source, region_code, klass_id, month, n, amount_fen)
    WITH touched AS (
        SELECT id, enrolment_id, region_code, paid_on, amount_fen, true AS is_gone FROM gone
        UNION ALL
        SELECT id, enrolment_id, region_code, paid_on, amount_fen, false FROM claims_payment
        WHERE enrolment_id IN (SELECT enrolment_id FROM gone)
    ), ranked AS (
        SELECT t.*, row_number() OVER (PARTITION BY enrolment_id ORDER BY id) = 1 AS was_first,
               NOT is_gone AND row_number() OVER (PARTITION BY enrolment_id, is_gone ORDER BY id) = 1 AS is_first
        FROM touched t
    )
    SELECT 'p', r.region_code, e.klass_id, targets_month(coalesce(r.paid_on, e.finished_on, e.started_on)),
           sum(r.is_first::int - r.was_first::int), -sum(CASE WHEN r.is_gone THEN r.amount_fen ELSE 0 END)
    FROM ranked r JOIN enrolments_enrolment e ON e.id = r.enrolment_id
    WHERE r.is_gone OR r.is_first
    GROUP BY r.region_code, e.klass_id, targets_month(coalesce(r.paid_on, e.finished_on, e.started_on));
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION targets_payments_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM gone g JOIN came c USING (id) WHERE g.enrolment_id <> c.enrolment_id)
       OR (SELECT count(*) FROM gone) <> (SELECT count(*) FROM gone g JOIN came c USING (id)) THEN
        RAISE EXCEPTION 'a payment stays with its enrolment: delete it and enter another'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO targets_delta (source, region_code, klass_id, month, n, amount_fen)
    SELECT 'p', s.region_code, e.klass_id, targets_month(coalesce(s.paid_on, e.finished_on, e.started_on)),
           sum(CASE WHEN targets_is_first_payment(s.p) THEN s.sign ELSE 0 END), sum(s.sign * s.amount_fen)
    FROM (SELECT -1 AS sign, g.region_code, g.paid_on, g.amount_fen, g.enrolment_id, g::claims_payment AS p FROM gone g
          UNION ALL
          SELECT 1, c.region_code, c.paid_on, c.amount_fen, c.enrolment_id, c::claims_payment FROM came c) s
    JOIN enrolments_enrolment e ON e.id = s.enrolment_id
    GROUP BY s.region_code, e.klass_id, targets_month(coalesce(s.paid_on, e.finished_on, e.started_on))
    HAVING sum(CASE WHEN targets_is_first_payment(s.p) THEN s.sign ELSE 0 END) <> 0
        OR sum(s.sign * s.amount_fen) <> 0;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER targets_came AFTER INSERT ON claims_payment
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION targets_payments_came();
CREATE OR REPLACE TRIGGER targets_went AFTER DELETE ON claims_payment
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION targets_payments_went();
CREATE OR REPLACE TRIGGER targets_changed AFTER UPDATE ON claims_payment
    REFERENCING OLD TABLE AS gone NEW TABLE AS came
    FOR EACH STATEMENT EXECUTE FUNCTION targets_payments_changed();
