-- Who stood in a file is history: only ever added to, and committed to by the action that made the file.
CREATE TRIGGER exports_exportcontent_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON exports_exportcontent
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE exports_exportcontent ENABLE ALWAYS TRIGGER exports_exportcontent_keep;

CREATE FUNCTION canon_export_content_v1_rows() RETURNS TABLE (id bigint, canon text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.id, concat_ws('|', 'export_content_v1', c.id, c.export_id, c.number, array_to_string(c.persons, ','))
    FROM exports_exportcontent c
$$;
