-- Checking a certificate is one statement: is there room for another miss, which certificate is it, what is its answer,
-- a line in the log of checks. The answer comes back as the JSON that is sent.

-- As registry.identity.masking.mask_name.
CREATE FUNCTION verification_mask(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN char_length(name) < 2 THEN repeat('*', char_length(name))
                WHEN char_length(name) = 2 THEN left(name, 1) || '*'
                ELSE left(name, 1) || '*' || right(name, 1) END
$$;

-- What anybody is told of a certificate, once they have shown that they hold it or know whose it is. Whoever asked that
-- their record is only kept is named by nothing but a star.
CREATE FUNCTION verification_told(c issuance_certificate, day date) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object(
        'answer', issuance_answer(c, day),
        'id', c.id,
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

-- `by_code`, or `by_number` together with `by_key` (the name in the form in which names are compared), or `by_id`.
-- `counter` with `most` and `spans` is the budget of misses as lib_take wants it: when it is used up, nothing is looked
-- for, and the answer is {"answer": "wait", "seconds": n}.
CREATE FUNCTION verification_ask(
    by_code text, by_number text, by_key text, by_id bigint, day date, way text, who bytea, of_share bigint,
    counter bytea, most integer[], spans double precision[])
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c issuance_certificate;
    told json;
    wait double precision;
    owners integer[] := array_fill(1, ARRAY[cardinality(most)]);
BEGIN
    wait := lib_take(ARRAY[counter], owners, most, spans, false, NULL);
    IF wait > 0 THEN
        RETURN json_build_object('answer', 'wait', 'seconds', ceil(wait)::integer);
    END IF;
    -- The log of checks may lose its last moments when the server falls; nobody waits for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    IF by_code IS NOT NULL THEN
        SELECT x.* INTO c FROM issuance_attestation a JOIN issuance_certificate x ON x.id = a.id WHERE a.code = by_code;
    ELSIF by_id IS NOT NULL THEN
        SELECT x.* INTO c FROM issuance_certificate x WHERE x.id = by_id;
    ELSE
        SELECT x.* INTO c FROM issuance_certificate x JOIN people_person p ON p.id = x.person_id
        WHERE x.number = by_number AND p.name_key = by_key AND p.name_key <> '';
    END IF;
    IF c.id IS NULL THEN
        PERFORM lib_take(ARRAY[counter], owners, most, spans, true, NULL);
        INSERT INTO verification_lookup (way, answer, asker, share_id) VALUES (way, 'not_found', who, of_share);
        RETURN '{"answer": "not_found"}';
    END IF;
    told := verification_told(c, day);
    INSERT INTO verification_lookup (certificate_id, way, answer, asker, share_id)
    VALUES (c.id, way, told ->> 'answer', who, of_share);
    RETURN told;
END $$;
