-- The mark of the first high-skilled certificate stays with a certificate that carried it when it was revoked: so it
-- counts in the month of its issue and is taken off in the month of its revocation, and no month that was reported
-- changes. The next that stands carries the mark from then on.
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
    WHERE x.person_id = ANY (person_ids) AND x.state <> 'revoked'
      AND c.id = x.id AND c.first_high <> coalesce(r.is_first, false);
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END $$;
