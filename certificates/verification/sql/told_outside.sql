-- What anybody is told of a certificate, as before but for the row's own number: outside, a certificate is known by its
-- number and its code.
CREATE OR REPLACE FUNCTION verification_told(c issuance_certificate, day date) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'answer', issuance_answer(c, day),
        'number', c.number,
        'holder', CASE WHEN p.restricted_at IS NULL THEN verification_mask(p.name) ELSE '*' END,
        'family', c.family,
        'title', c.name,
        'occupation', c.occupation_text,
        'level', coalesce(l.name, ''),
        'body', coalesce(i.name, ''),
        'issued_on', c.issued_on,
        'expires_on', c.expires_on,
        'state_on', CASE WHEN c.state <> 'valid' THEN c.state_on END,
        'issued_here', c.basis = 'issued',
        'checked_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    FROM (SELECT) one
    LEFT JOIN people_person p ON p.id = c.person_id
    LEFT JOIN occupations_skilllevel l ON l.rank = c.level_id
    LEFT JOIN institutions_institution i ON i.id = c.institution_id
$$;
