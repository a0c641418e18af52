-- What a certificate answers on a day, how its state may move, and what is committed to when it does.

-- The one answer that every channel gives: page, API, status list, share link, paper. A day is given, because a
-- certificate that ends does so without anybody touching its row. Simple SQL, so that it is inlined where it is called.
--   revoked      it never holds again, whatever else is true of it
--   ended        replaced by another, or past its last day; also while suspended, for it cannot be restored to hold
--   suspended    it does not hold for now
--   unconfirmed  somebody reports it and nobody has checked
--   valid        none of these
CREATE FUNCTION issuance_answer(c issuance_certificate, day date) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN c.state = 'revoked' THEN 'revoked'
        WHEN c.state = 'superseded' OR c.expires_on < day THEN 'ended'
        WHEN c.state = 'suspended' THEN 'suspended'
        WHEN c.basis = 'reported' AND c.confirmed_on IS NULL THEN 'unconfirmed'
        WHEN c.state = 'valid' THEN 'valid'
        ELSE 'revoked'
    END
$$;

-- States move only so; what is revoked stays revoked, and holding again takes another certificate.
CREATE FUNCTION issuance_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT (OLD.state = 'valid' AND NEW.state IN ('suspended', 'revoked', 'superseded')
            OR OLD.state = 'suspended' AND NEW.state IN ('valid', 'revoked', 'superseded')
            OR OLD.state = 'superseded' AND NEW.state = 'revoked')
    THEN
        RAISE EXCEPTION 'a certificate that is % does not become %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'issuance_state_moves', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER issuance_state_moves BEFORE UPDATE OF state ON issuance_certificate
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION issuance_state_moves();
ALTER TABLE issuance_certificate ENABLE ALWAYS TRIGGER issuance_state_moves;

-- A certificate that replaces another stands for the same achievement: the mark stays with the first of them.
CREATE OR REPLACE FUNCTION issuance_refresh_first_high(person_ids uuid[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE changed integer;
BEGIN
    WITH ranked AS (
        SELECT c.id, row_number() OVER (PARTITION BY c.person_id ORDER BY c.issued_on, c.id) = 1 AS is_first
        FROM issuance_certificate c
        JOIN occupations_skilllevel l ON l.rank = c.level_id AND l.high_skilled
        WHERE c.person_id = ANY (person_ids) AND c.replaces_id IS NULL
          AND c.state <> 'revoked' AND c.family IN ('skill_level', 'qualification')
    )
    UPDATE issuance_certificate c SET first_high = coalesce(r.is_first, false)
    FROM issuance_certificate x LEFT JOIN ranked r ON r.id = x.id
    WHERE x.person_id = ANY (person_ids) AND c.id = x.id AND c.first_high <> coalesce(r.is_first, false);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;

-- The form of every act from now on: v1 and whatever says since when and until when the certificate holds.
CREATE FUNCTION canon_certificate_v2(c issuance_certificate) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'certificate_v2', c.id, c.person_id, c.family, canon_text(c.number), canon_text(c.name),
        canon_text(c.occupation_text), coalesce(c.level_id::text, '~'), coalesce(c.institution_id::text, '~'),
        c.region_code, canon_day(c.issued_on), c.state, c.basis, c.structure, coalesce(c.enrolment_id::text, '~'),
        coalesce(c.batch_id::text, '~'), coalesce(c.row_no::text, '~'), canon_day(c.state_on),
        canon_day(c.expires_on), canon_day(c.confirmed_on), coalesce(c.replaces_id::text, '~'),
        coalesce(c.superseded_by_id::text, '~'))
$$;

CREATE FUNCTION canon_certificate_v2_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.id, canon_certificate_v2(c) FROM issuance_certificate c
$$;
