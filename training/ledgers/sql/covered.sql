-- A certificate stands within its row's registration only as the row brought it: whatever was done to it since commits
-- to it alone. So a state that was changed past the program leaves a certificate that nothing vouches for.
CREATE OR REPLACE FUNCTION audit_covered_issuance_certificate() RETURNS TABLE (id bigint) LANGUAGE sql STABLE
PARALLEL SAFE AS $$
    SELECT c.id FROM issuance_certificate c
    JOIN enrolments_enrolment e
        ON e.id = c.enrolment_id AND e.person_id = c.person_id AND e.batch_id = c.batch_id AND e.row_no = c.row_no
    WHERE c.basis = 'reported' AND c.state = 'valid' AND c.confirmed_on IS NULL
      AND c.replaces_id IS NULL AND c.superseded_by_id IS NULL AND c.expires_on IS NULL
$$;
