-- Changes of the structure stand in the record: what kind, of which object. Never the statement, which may hold values.
-- Staging and temporary tables are everyday work and left out. Only a superuser may make these triggers.

CREATE OR REPLACE FUNCTION audit_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    done record;
BEGIN
    FOR done IN SELECT command_tag, object_type, object_identity FROM pg_event_trigger_ddl_commands()
        WHERE NOT in_extension AND coalesce(schema_name, '') NOT IN ('pg_temp', 'intake_staging')
          AND object_identity NOT LIKE 'intake\_staging.%'
    LOOP
        PERFORM public.audit_log('ddl.run', coalesce(done.object_type, ''), done.object_identity, 1, '', NULL,
            jsonb_build_object('command', done.command_tag), '数据库', NULL, '', NULL, '', '');
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION audit_drop() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone record;
BEGIN
    FOR gone IN SELECT object_type, object_identity FROM pg_event_trigger_dropped_objects()
        WHERE original AND NOT is_temporary AND coalesce(schema_name, '') NOT IN ('pg_temp', 'intake_staging')
    LOOP
        PERFORM public.audit_log('ddl.run', gone.object_type, gone.object_identity, 1, '', NULL,
            jsonb_build_object('command', 'DROP'), '数据库', NULL, '', NULL, '', '');
    END LOOP;
END
$$;

DROP EVENT TRIGGER IF EXISTS audit_ddl;
CREATE EVENT TRIGGER audit_ddl ON ddl_command_end EXECUTE FUNCTION audit_ddl();
ALTER EVENT TRIGGER audit_ddl ENABLE ALWAYS;
DROP EVENT TRIGGER IF EXISTS audit_drop;
CREATE EVENT TRIGGER audit_drop ON sql_drop EXECUTE FUNCTION audit_drop();
ALTER EVENT TRIGGER audit_drop ENABLE ALWAYS;
