"""Writing history: one action for whatever was done, in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, Protocol
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import UUIDField
from psycopg.types.json import Jsonb

from registry.audit.commitments import detail_bytes, new_salt, personal_keys_in
from registry.audit.context import Acting, acting
from registry.audit.models import Action, Detail
from registry.audit.numbers import numbers_in, veiled

SYSTEM_ACTOR = "系统"

RowId = int | UUID


class Account(Protocol):
    """An account, as far as the record needs it."""

    @property
    def pk(self) -> Any: ...

    def __str__(self) -> str: ...


class OutsideTransaction(RuntimeError):
    """Something was to be recorded outside a transaction, so that record and deed could part."""


class PersonalDataInAction(ValueError):
    """`before`, `after` or the subject's id holds personal data; give it as `personal` instead."""


def record(
    *,
    code: str,
    actor: Account | None,
    subject_type: str,
    subject_id: object = "",
    n: int = 1,
    reason: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    person_id: UUID | None = None,
) -> Action:
    """Add one action; with `personal`, also its salted, erasable detail about `person_id`.

    `code` is `<room>.<verb>`, `n` the number of rows, `actor` None for the program itself. `before` and
    `after` hold no personal data: a key or number of a person there raises PersonalDataInAction. Numbers of
    persons in `reason`, which people write, are replaced by ▮. Call it inside the transaction of the deed: one
    statement, with or without a detail.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction(code)
    if found := personal_keys_in([before, after]) | numbers_in([before, after, str(subject_id)]):
        raise PersonalDataInAction(f"{code}: {', '.join(sorted(found))}")
    who = _capacity(actor)
    detail = personal if personal is not None else {} if person_id is not None else None
    written = Action.objects.raw(
        _LOG,
        [
            code,
            subject_type,
            str(subject_id),
            n,
            veiled(reason),
            None if before is None else Jsonb(before),
            None if after is None else Jsonb(after),
            who.actor or SYSTEM_ACTOR,
            who.actor_id,
            who.role,
            who.institution_id,
            who.region_code,
            who.request_id,
            person_id,
            None if detail is None else new_salt(),
            None if detail is None else detail_bytes(detail).decode(),
        ],
    )
    return written[0]


# The types are named because NULLs have none, and a function is found by them.
_LOG = """
    SELECT * FROM audit_log(%s::text, %s::text, %s::text, %s::bigint, %s::text, %s::jsonb, %s::jsonb, %s::text,
        %s::bigint, %s::text, %s::bigint, %s::text, %s::text, %s::uuid, %s::bytea, %s::text)
"""


def _capacity(actor: Account | None) -> Acting:
    """The capacity in force when it is this actor's; otherwise only the name is known."""
    current = acting()
    if actor is None:
        # The program acts by itself, though perhaps within somebody's request.
        return Acting(request_id=current.request_id)
    if current.actor_id == actor.pk:
        return current
    # A record is kept for ever: who may ask to be forgotten has another name in it.
    name = getattr(actor, "name_on_record", None) or str(actor)
    return Acting(actor=name, actor_id=actor.pk, request_id=current.request_id)


def erase(actor: Account | None, person_id: UUID, *, reason: str) -> int:
    """Destroy salt and content of every detail about a person; the commitments stay. Returns how many.

    Whether it may be done (retention, two persons) is decided before this is called.
    """
    action = record(
        code="audit.erase",
        actor=actor,
        subject_type="person",
        subject_id=person_id,
        reason=reason,
        n=Detail.objects.filter(subject_person=person_id, erased_at=None).count(),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase_person(%s)", [person_id])
    return action.n


def erase_details(people: Sequence[UUID]) -> int:
    """Destroy salt and content of every detail about these people; the commitments stay. Returns how many.

    The action that says so is the caller's, who has decided whether it may be done.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase_people(%s)", [list(people)])
        return int(cursor.fetchone()[0])


def manifest(action: Action, table_name: str, canon: str, select_sql: str, params: Sequence[Any] = ()) -> int:
    """Commit the action to what rows look like now: one INSERT … SELECT, however many they are.

    `select_sql` yields two columns, the row's id (bigint or uuid, each once) and its canonical text, e.g.
    `SELECT e.id, canon_enrolment_v1(e) FROM enrolments_enrolment e WHERE e.batch_id = %s`. It stands in the
    statement as it is: never build it from input. Returns the number of rows; for none, no manifest is
    written.
    """
    hashed = f"SELECT r.id, canon_hash(r.canon) FROM ({select_sql}) r(id, canon)"
    return _insert(action, table_name, canon, hashed, params)


def manifest_rows(action: Action, table_name: str, canon: str, ids: Sequence[int] | Sequence[UUID]) -> int:
    """The same for a few rows by id, read through the form's own `canon_<canon>_rows()`."""
    rows = f"SELECT id, canon FROM {rows_function(canon)}() WHERE id = ANY(%s::{id_type(table_name)}[])"
    return manifest(action, table_name, canon, rows, [list(ids)])


def manifest_again(action: Action, table_name: str, ids: Sequence[Any], *, canon: str | None = None) -> int:
    """Commit to rows that the action changed, each in the form of its last manifest; for a few rows.

    Rows that no manifest names yet are committed to in `canon`; without it they are left out. Returns the number
    of rows committed to.
    """
    last = _last_forms(table_name, ids)
    forms: dict[str, list[Any]] = {}
    for row in ids:
        form = last.get(str(row), canon)
        if form is not None:
            forms.setdefault(form, []).append(row)
    return sum(manifest_rows(action, table_name, form, rows) for form, rows in sorted(forms.items()))


def _last_forms(table_name: str, ids: Sequence[Any]) -> dict[str, str]:
    """The form of the newest manifest of each row, by the row's id as text."""
    kind = id_type(table_name)
    column = "row_uuids" if kind == "uuid" else "row_ids"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT DISTINCT ON (u.id) u.id::text, m.canon
            FROM audit_manifest m, unnest(m.{column}) u(id)
            WHERE m.table_name = %s AND m.{column} && %s::{kind}[] AND u.id = ANY(%s::{kind}[])
            ORDER BY u.id, m.id DESC
            """,
            [table_name, list(ids), list(ids)],
        )
        return dict(cursor.fetchall())


def manifest_removed(action: Action, table_name: str, canon: str, ids: Sequence[int] | Sequence[UUID]) -> int:
    """Say that the action removed these rows: 32 zero bytes in place of each hash."""
    rows = f"SELECT r.id, decode(repeat('00', 32), 'hex') FROM unnest(%s::{id_type(table_name)}[]) r(id)"
    return _insert(action, table_name, canon, rows, [list(ids)])


def rows_function(canon: str) -> str:
    """The SQL function that yields (id, canon) of all current rows in this canonical form."""
    if not canon.isidentifier():
        raise ValueError(f"not the name of a canonical form: {canon!r}")
    return f"canon_{canon}_rows"


@cache
def id_type(table_name: str) -> Literal["bigint", "uuid"]:
    """Which of the two kinds of id the table's rows have. Raises LookupError for a table without a model."""
    for model in apps.get_models():
        if model._meta.db_table == table_name:
            return "uuid" if isinstance(model._meta.pk, UUIDField) else "bigint"
    raise LookupError(f"no model keeps the table {table_name}")


def _insert(action: Action, table_name: str, canon: str, hashed_rows: str, params: Sequence[Any]) -> int:
    if not connection.in_atomic_block:
        raise OutsideTransaction(action.code)
    column = "row_uuids" if id_type(table_name) == "uuid" else "row_ids"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO audit_manifest (action_id, table_name, canon, {column}, hashes)
            SELECT %s, %s, %s, array_agg(h.id ORDER BY h.id), string_agg(h.hash, ''::bytea ORDER BY h.id)
            FROM ({hashed_rows}) h(id, hash)
            HAVING count(*) > 0
            RETURNING cardinality({column})
            """,
            [action.pk, table_name, canon, *params],
        )
        written = cursor.fetchone()
    return written[0] if written else 0
