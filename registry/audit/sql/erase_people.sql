-- As audit_erase_person, for a whole set in one statement.
CREATE FUNCTION audit_erase_people(people uuid[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    erased bigint;
BEGIN
    UPDATE public.audit_detail d SET salt = NULL, detail = NULL
    WHERE d.subject_person = ANY (people) AND d.erased_at IS NULL;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END
$$;
REVOKE EXECUTE ON FUNCTION audit_erase_people FROM PUBLIC;
