-- A row of a ledger as it was registered: the enrolment with the certificate and the payment that the same row
-- brought. One commitment for the three, because they were one statement of one provider; later acts on a certificate
-- or a payment commit to that row alone (certificate_v1, payment_v1). Plain arguments, so that an import can hash the
-- rows that it has at hand instead of reading them back.
CREATE FUNCTION canon_registration_v1(
    id bigint, person uuid, klass bigint, state text, category text, hours numeric(6, 1), score numeric(5, 1),
    result text, started date, finished date, region text, funding text, training_type text, row_no integer,
    number text, family text, level integer, issued date, amount_fen bigint, fund text
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'registration_v1', id, person, klass, state, category, coalesce(hours::text, '~'),
        coalesce(score::text, '~'), result, started - date '1970-01-01',
        coalesce((finished - date '1970-01-01')::text, '~'), region, funding, training_type, row_no,
        canon_text(number), coalesce(family, '~'), coalesce(level::text, '~'),
        coalesce((issued - date '1970-01-01')::text, '~'), coalesce(amount_fen::text, '~'), coalesce(fund, '~'))
$$;

CREATE FUNCTION canon_registration_v1_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT e.id, canon_registration_v1(e.id, e.person_id, e.klass_id, e.state, e.category, e.hours, e.score, e.result,
        e.started_on, e.finished_on, e.region_code, e.funding, e.training_type, e.row_no,
        c.number, c.family, c.level_id::int, c.issued_on, p.amount_fen, p.fund)
    FROM enrolments_enrolment e
    LEFT JOIN issuance_certificate c
        -- The holder as well: a certificate that was given to somebody else is no longer this row's (and a person's
        -- certificates have an index).
        ON c.person_id = e.person_id AND c.enrolment_id = e.id AND c.batch_id = e.batch_id AND c.row_no = e.row_no
        AND c.basis = 'reported'
    LEFT JOIN claims_payment p
        ON p.enrolment_id = e.id AND p.batch_id = e.batch_id AND p.row_no = e.row_no AND p.basis = 'reported'
$$;

-- Certificates and payments that stand within their row's registration; found unlisted is what came in beside it.
CREATE FUNCTION audit_covered_issuance_certificate() RETURNS TABLE (id bigint) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.id FROM issuance_certificate c
    JOIN enrolments_enrolment e
        ON e.id = c.enrolment_id AND e.person_id = c.person_id AND e.batch_id = c.batch_id AND e.row_no = c.row_no
    WHERE c.basis = 'reported'
$$;

CREATE FUNCTION audit_covered_claims_payment() RETURNS TABLE (id bigint) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.id FROM claims_payment p
    JOIN enrolments_enrolment e ON e.id = p.enrolment_id AND e.batch_id = p.batch_id AND e.row_no = p.row_no
    WHERE p.basis = 'reported'
$$;
