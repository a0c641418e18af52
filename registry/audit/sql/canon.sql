-- The building stones of canonical row texts; docs/rooms/audit.md says how to write one.
--
-- A canonical text is its name and version followed by fields in a fixed order, with bars between. Numbers, dates (as
-- days since 1970-01-01), uuids, hex and codes stand as they are; free text goes through canon_text, which puts its
-- length before it; a NULL is a tilde, never left out. So the number of bars outside free text is fixed, and no
-- altered row can have the text of an honest one.

CREATE FUNCTION canon_text(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(length(value)::text || ':' || value, '~')
$$;

-- Independent of the session's DateStyle.
CREATE FUNCTION canon_day(value date) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce((value - date '1970-01-01')::text, '~')
$$;

-- What stands in a manifest for one row. STABLE, because convert_to is.
CREATE FUNCTION canon_hash(canon text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(canon, 'UTF8'))
$$;

-- Hashes cannot be packed, and packing the ids of one import took longer than sorting them.
ALTER TABLE audit_manifest
    ALTER COLUMN row_ids SET STORAGE EXTERNAL,
    ALTER COLUMN row_uuids SET STORAGE EXTERNAL,
    ALTER COLUMN hashes SET STORAGE EXTERNAL;
