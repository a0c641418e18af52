-- What is committed to of a person. Names and dates of birth can be guessed, so their leaf holds the ciphertext of the
-- person's main document as well: its random nonce salts the hash, and destroying it makes the leaf say nothing.
-- Without a document the personal facts stay out of the leaf.

CREATE FUNCTION canon_person_v1(
    id uuid, state text, merged_into uuid, sealed bytea, name text, sex text, birth date, education text, region text
) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT concat_ws('|', 'person_v1', id, state, coalesce(merged_into::text, '~'),
        CASE WHEN sealed IS NULL THEN '~' ELSE concat_ws('|', encode(sealed, 'hex'), canon_text(name), sex,
            canon_day(birth), canon_text(education), region) END)
$$;

CREATE FUNCTION canon_person_v1_rows() RETURNS TABLE (id uuid, canon text) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p.id, canon_person_v1(p.id, p.state, p.merged_into_id, d.sealed, p.name, p.sex, p.birth_date, p.education,
        p.region_code)
    FROM people_person p
    LEFT JOIN LATERAL (
        SELECT x.sealed FROM people_document x WHERE x.person_id = p.id AND x.is_primary ORDER BY x.id LIMIT 1
    ) d ON true
$$;
