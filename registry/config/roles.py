"""The database's own roles: who may do what to which table, held by PostgreSQL and not by us.

`apply` gives each role exactly what `sql/roles.sql` says, `faults` looks for what nobody may have given besides.
"""

from __future__ import annotations

from pathlib import Path

from django.db import connection, transaction

APP = "jiangce_app"
WORKER = "jiangce_worker"
NOTARY = "jiangce_notary"
AUDIT = "jiangce_audit"
ERASER = "jiangce_eraser"
BACKUP = "jiangce_backup"
ROLES = (APP, WORKER, NOTARY, AUDIT, ERASER, BACKUP)

_SQL = Path(__file__).parent / "sql"


def apply(*, ddl_events: bool = True) -> bool:
    """Make the roles and give each what it needs; again changes nothing. Run it as the owner of the tables.

    `ddl_events` also lets changes of the structure be recorded, where we may: that takes a superuser. Returns
    whether they are recorded.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        # Sent without parameters, so that `%` and `$$` stand for themselves.
        cursor.execute((_SQL / "roles.sql").read_text("utf-8"))
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        (superuser,) = cursor.fetchone()
        if not (ddl_events and superuser):
            cursor.execute(
                "SELECT count(*) FROM pg_event_trigger WHERE evtname = 'audit_ddl' AND evtenabled = 'A'"
            )
            return bool(cursor.fetchone()[0])
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('jiangce roles'))")
        cursor.execute((_SQL / "ddl_events.sql").read_text("utf-8"))
    return True


_ATTRIBUTES = """
    SELECT rolname FROM pg_roles
    WHERE rolname = ANY(%s)
      AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
"""
_OWNING = """
    SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND pg_get_userbyid(relowner) = ANY(%s)
"""
_BECOMING = """
    SELECT r.rolname::text, o.rolname::text FROM pg_roles r, pg_roles o
    WHERE r.rolname = ANY(%s) AND r.oid <> o.oid AND o.rolname <> 'jiangce_staging'
      AND pg_has_role(r.oid, o.oid, 'MEMBER')
"""
_REWRITING = """
    SELECT r.rolname::text, c.relname::text, v.verb
    FROM pg_roles r CROSS JOIN pg_class c
    CROSS JOIN unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) v(verb)
    WHERE r.rolname = ANY(%s) AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
      AND starts_with(c.relname, 'audit_')
      AND CASE WHEN v.verb = 'UPDATE' THEN has_any_column_privilege(r.oid, c.oid, v.verb)
               ELSE has_table_privilege(r.oid, c.oid, v.verb) END
    ORDER BY 1, 2, 3
"""
#: The only writing into the record's tables that a role may do by itself.
_WRITES = {
    (NOTARY, "audit_pending", "DELETE"),
    (NOTARY, "audit_leaf", "INSERT"),
    (NOTARY, "audit_checkpoint", "INSERT"),
    (NOTARY, "audit_log_state", "INSERT"),
    (NOTARY, "audit_log_state", "UPDATE"),
}


def faults() -> list[str]:
    """What a role has that it may not have, each as one line; none when all is well."""
    with connection.cursor() as cursor:
        cursor.execute(_ATTRIBUTES, [list(ROLES)])
        found = [f"{name}: has powers over the server" for (name,) in cursor.fetchall()]
        cursor.execute(_OWNING, [list(ROLES)])
        found += [f"{name}: owns tables" for (name,) in cursor.fetchall()]
        cursor.execute(_BECOMING, [list(ROLES)])
        found += [f"{name}: may become {other}" for name, other in cursor.fetchall()]
        cursor.execute(_REWRITING, [list(ROLES)])
        found += [
            f"{name}: may {verb} {table}"
            for name, table, verb in cursor.fetchall()
            if (name, table, verb) not in _WRITES
        ]
    return found
