-- Who may do what to which table, as the database itself holds it. Run by `manage.py roles apply` as the owner of the
-- tables, after every migration; running it again changes nothing. docs/production.md says the same in a table.

-- Roles belong to the whole server, and two databases may be set up at once.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['jiangce_app', 'jiangce_worker', 'jiangce_notary', 'jiangce_audit', 'jiangce_eraser',
        'jiangce_backup']
    LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    -- Owns the folder of staged rows, so that the worker may clear away what another process staged.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jiangce_staging') THEN
        BEGIN
            CREATE ROLE jiangce_staging NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
END
$$;

DO $$
DECLARE
    one text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('jiangce roles'));
    FOREACH one IN ARRAY ARRAY['jiangce_app', 'jiangce_worker'] LOOP
        IF NOT pg_has_role(one, 'jiangce_staging', 'USAGE') THEN
            BEGIN
                EXECUTE format('GRANT jiangce_staging TO %I', one);
            EXCEPTION WHEN unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    -- An owner who is no superuser hands the folder over only to a role that it belongs to itself.
    IF NOT pg_has_role(current_user, 'jiangce_staging', 'MEMBER') THEN
        EXECUTE format('GRANT jiangce_staging TO %I', current_user);
    END IF;
END
$$;

-- Nothing to anybody, then to each what they need.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO jiangce_app, jiangce_worker, jiangce_notary, jiangce_audit, '
        'jiangce_eraser, jiangce_backup', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO jiangce_app, jiangce_worker', current_database());
END
$$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO jiangce_app, jiangce_worker, jiangce_notary, jiangce_audit, jiangce_eraser,
    jiangce_backup;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC, jiangce_app, jiangce_worker, jiangce_notary, jiangce_audit,
    jiangce_eraser, jiangce_backup;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM PUBLIC, jiangce_app, jiangce_worker, jiangce_notary, jiangce_audit,
    jiangce_eraser, jiangce_backup;

-- Staged rows: made, filled and dropped by whoever imports; kept from everybody else.
ALTER SCHEMA intake_staging OWNER TO jiangce_staging;
REVOKE ALL ON SCHEMA intake_staging FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA intake_staging TO jiangce_app, jiangce_worker;
DO $$
DECLARE
    staged record;
BEGIN
    FOR staged IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'intake_staging'::regnamespace AND relkind IN ('r', 'p')
          AND pg_has_role(current_user, relowner, 'USAGE')
    LOOP
        EXECUTE format('GRANT ALL ON %s TO jiangce_app, jiangce_worker', staged.name);
    END LOOP;
END
$$;
ALTER DEFAULT PRIVILEGES IN SCHEMA intake_staging GRANT ALL ON TABLES TO jiangce_app, jiangce_worker;
DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY['jiangce_app', 'jiangce_worker'] LOOP
        IF NOT pg_has_role(current_user, one, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', one, current_user);
        END IF;
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA intake_staging '
            'GRANT ALL ON TABLES TO jiangce_app, jiangce_worker', one);
    END LOOP;
END
$$;

-- Business tables, those of later migrations included. Not theirs: the list of migrations, and whatever is audit's.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO jiangce_app, jiangce_worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO jiangce_app, jiangce_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO jiangce_app, jiangce_worker;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO jiangce_app, jiangce_worker;
REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM jiangce_app, jiangce_worker;
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND starts_with(relname, 'audit_')
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON %s FROM jiangce_app, jiangce_worker', kept.name);
    END LOOP;
    -- Tables that refuse a verb by trigger refuse it by privilege as well.
    FOR kept IN SELECT t.tgrelid::regclass AS name,
            concat_ws(', ', CASE WHEN t.tgtype & 16 > 0 THEN 'UPDATE' END, CASE WHEN t.tgtype & 8 > 0 THEN 'DELETE' END)
            AS verbs
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE t.tgfoid = 'audit_refuse'::regproc AND c.relnamespace = 'public'::regnamespace AND t.tgtype & 1 = 0
          AND t.tgtype & 24 > 0
    LOOP
        EXECUTE format('REVOKE %s ON %s FROM jiangce_app, jiangce_worker', kept.verbs, kept.name);
    END LOOP;
    -- To bring statistics up to date takes a privilege of its own from PostgreSQL 17 on; before, only the owner may.
    IF current_setting('server_version_num')::int >= 170000 THEN
        GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO jiangce_app, jiangce_worker;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT MAINTAIN ON TABLES TO jiangce_app, jiangce_worker;
    END IF;
END
$$;

-- The record is written through its function. A manifest of many rows is one INSERT … SELECT of these columns; its
-- number, its sealed bytes and its place in the queue are the database's own.
GRANT EXECUTE ON FUNCTION audit_log TO jiangce_app, jiangce_worker, jiangce_notary, jiangce_eraser;
GRANT INSERT (action_id, table_name, canon, row_ids, row_uuids, hashes) ON audit_manifest TO jiangce_app, jiangce_worker;

-- The notary takes from the queue and writes the log; it sees no detail.
GRANT SELECT ON audit_action, audit_manifest, audit_pending, audit_leaf, audit_log_state, audit_checkpoint
    TO jiangce_notary;
GRANT SELECT (id, action_id, commitment, body, leaf_hash) ON audit_detail TO jiangce_notary;
GRANT DELETE ON audit_pending TO jiangce_notary;
GRANT INSERT ON audit_leaf, audit_checkpoint TO jiangce_notary;
GRANT INSERT, UPDATE ON audit_log_state TO jiangce_notary;

-- The eraser finds the details about a person, and erases them through the function alone.
GRANT SELECT (id, action_id, subject_person, erased_at) ON audit_detail TO jiangce_eraser;
GRANT EXECUTE ON FUNCTION audit_erase_person, audit_erase_people TO jiangce_eraser;

-- Erasing a person touches business tables and details in one transaction: whoever does it is both.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'jiangce_retention') THEN
        BEGIN
            CREATE ROLE jiangce_retention LOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT (pg_has_role('jiangce_retention', 'jiangce_worker', 'USAGE')
            AND pg_has_role('jiangce_retention', 'jiangce_eraser', 'USAGE')) THEN
        BEGIN
            GRANT jiangce_worker, jiangce_eraser TO jiangce_retention;
        EXCEPTION WHEN unique_violation THEN
            NULL;
        END;
    END IF;
END
$$;

-- The auditor reads everything but what opens doors; the backup reads everything.
GRANT SELECT ON ALL TABLES IN SCHEMA public TO jiangce_audit, jiangce_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO jiangce_audit, jiangce_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO jiangce_backup;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON SEQUENCES TO jiangce_backup;
DO $$
DECLARE
    secret record;
BEGIN
    FOR secret IN
        WITH hidden (tab, col) AS (VALUES
            ('accounts_user', 'password'), ('accounts_former_password', 'password'), ('accounts_apikey', 'key_hash'),
            ('django_session', 'session_key'), ('django_session', 'session_data'), ('mfa_authenticator', 'data'),
            ('usersessions_usersession', 'session_key'), ('usersessions_usersession', 'data'),
            ('account_emailconfirmation', 'key'), ('socialaccount_socialapp', 'secret'),
            ('socialaccount_socialapp', 'settings'), ('socialaccount_socialtoken', 'token'),
            ('socialaccount_socialtoken', 'token_secret'), ('axes_accesslog', 'session_hash'), ('door_knock', 'code'),
            ('accounts_smsmessage', 'sealed'), ('rights_copy', 'content'),
            ('credentials_credential', 'content'), ('credentials_transcript', 'content'),
            ('credentials_transcript', 'paper'))
        SELECT c.oid::regclass AS name, string_agg(quote_ident(a.attname), ', ') AS open_columns
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relname IN (SELECT tab FROM hidden)
          AND NOT EXISTS (SELECT FROM hidden h WHERE h.tab = c.relname AND h.col = a.attname)
        GROUP BY c.oid
    LOOP
        EXECUTE format('REVOKE SELECT ON %s FROM jiangce_audit', secret.name);
        EXECUTE format('GRANT SELECT (%s) ON %s TO jiangce_audit', secret.open_columns, secret.name);
    END LOOP;
END
$$;
