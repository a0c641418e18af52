"""A registry whose record is in the log, and ways of tampering with it: in ten kinds, with three sets of rights.

Rights are those of the application's database role, of an owner of the tables who is no superuser, and of a database
administrator. `cover` says how far whoever tampers goes to hide it: the row alone; its sealed bytes as well; the leaf
as well; or everything, with a checkpoint signed anew by the log's own key. Each tampering happens in a transaction that
is undone afterwards. An auditor holds one older checkpoint, taken from outside, and a database role that only reads.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from django.db import DatabaseError, connection, transaction

from registry.audit import export, merkle, verify
from registry.audit.commitments import commit
from registry.audit.keeping import Keeper
from registry.audit.models import Checkpoint
from registry.audit.notary import Notary
from registry.audit.notes import Checkpoint as Head
from registry.audit.notes import Signer, sign
from registry.audit.publishing import Published
from registry.audit.services import record
from registry.config import roles
from registry.lib.scope import Scope
from registry.people.models import Person
from tests import logbook
from tests import town as towns

Rights = Literal["application", "owner", "administrator"]
Cover = Literal["row", "sealed", "leaf", "signed"]
RIGHTS: tuple[Rights, ...] = ("application", "owner", "administrator")
COVERS: tuple[Cover, ...] = ("row", "sealed", "leaf", "signed")
OWNER = "jiangce_trial_owner"
AUDIT_TABLES = ("action", "detail", "manifest", "leaf", "checkpoint", "pending", "log_state")


def run(text: str, *params: Any) -> int:
    """A statement, and how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(text, list(params) or None)
        return int(cursor.rowcount)


def one(text: str, *params: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(text, list(params) or None)
        found = cursor.fetchone()
        return found[0] if found else None


# --- what is tampered with ------------------------------------------------------------------------


@dataclass
class Stage:
    """`outside` is the checkpoint that an auditor holds; `signer` the log's key, which some tamperers have."""

    signer: Signer
    older: int
    outside: str
    outside_size: int
    folder: Path
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    @property
    def vkey(self) -> str:
        return str(self.signer.verifier)


def build(folder: Path, rows: int = 40) -> Stage:
    """A town with a ledger and a roster, acts on people, and three checkpoints; the auditor took the second."""
    town = towns.build()
    towns.loaded(
        town, "ledger", towns.ledger([towns.entry(who, n) for n, who in enumerate(towns.people(rows), 1)])
    )
    notary = Notary(
        Keeper(folder / "keeper"),
        Published(folder / "log", folder / "elsewhere" / "checkpoints.log"),
        "trial.invalid/log",
        may_make_key=True,
    )
    _acts(6)
    settle()
    notary.start()
    try:
        notary.turn(60)
        older = newest().size
        _acts(10)
        towns.loaded(town, "roster", towns.roster(towns.people(8, 200)))
        settle()
        notary.turn(60)
        outside = newest()
        _acts(6)
        settle()
        notary.turn(60)
    finally:
        notary.stop()
    _acts(4)  # these wait in the queue
    settle()
    roles.apply(ddl_events=False)
    _hand_over()
    held = folder / "outside"
    held.write_text(outside.note, "utf-8")
    return Stage(notary.signer, older, str(held), outside.size, folder)


def _acts(count: int) -> None:
    people = list(Person.objects.order_by("id")[:count])
    with transaction.atomic():
        for n, person in enumerate(people):
            record(
                code="people.read",
                actor=None,
                subject_type="person",
                subject_id=person.pk,
                reason=f"核对第 {n} 人",
                personal={"name": person.name, "asked": n},
                person_id=person.pk,
            )


def newest() -> Checkpoint:
    return Checkpoint.objects.order_by("-size")[0]


def settle() -> None:
    """Constraints and triggers that wait for the end of the transaction."""
    if connection.in_atomic_block:
        run("SET CONSTRAINTS ALL IMMEDIATE")
        run("SET CONSTRAINTS ALL DEFERRED")


def _hand_over() -> None:
    """Give the tables to an owner who is no superuser, as in production."""
    if not one("SELECT 1 FROM pg_roles WHERE rolname = %s", OWNER):
        run(f"CREATE ROLE {OWNER} LOGIN")
    run(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
        functions = [name for (name,) in cursor.fetchall()]
    for table in tables:
        run(f'ALTER TABLE "{table}" OWNER TO {OWNER}')
    for function in functions:
        run(f"ALTER ROUTINE {function} OWNER TO {OWNER}")


@contextmanager
def acting_with(rights: Rights) -> Iterator[None]:
    """As somebody with these rights, signed in as such."""
    if rights != "administrator":
        run(f"SET LOCAL SESSION AUTHORIZATION {roles.APP if rights == 'application' else OWNER}")
    try:
        yield
    finally:
        if not connection.needs_rollback:
            run("RESET SESSION AUTHORIZATION")


# --- how it is hidden -----------------------------------------------------------------------------


def lift(*tables: str) -> None:
    """Switch off every trigger, as an owner may."""
    settle()
    for table in (*(f"audit_{name}" for name in AUDIT_TABLES), *tables):
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")


def reseal(table: str, row: int) -> None:
    """Make the sealed bytes say what the columns say now."""
    form = table.removeprefix("audit_")
    run(f"UPDATE {table} r SET body = convert_to(canon_{form}_v1(r), 'UTF8') WHERE id = %s", row)


def releaf(table: str, row: int) -> None:
    """Put the row's new hash into its leaf."""
    run(
        f"UPDATE audit_leaf l SET hash = r.leaf_hash FROM {table} r "
        "WHERE l.kind = %s AND l.row_id = r.id AND r.id = %s",
        table.removeprefix("audit_")[0],
        row,
    )


def sign_anew(signer: Signer) -> None:
    """The whole log under a fresh checkpoint; checkpoints that no longer fit are taken away."""
    origin = one("SELECT origin FROM audit_log_state")
    frontier = merkle.Frontier()
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM audit_leaf ORDER BY idx")
        frontier.extend(bytes(leaf) for (leaf,) in cursor.fetchall())
    head = Head(origin, frontier.size, frontier.root())
    run("DELETE FROM audit_checkpoint")
    run(
        "INSERT INTO audit_checkpoint (size, root, note) VALUES (%s, %s, %s)",
        head.size,
        head.root,
        sign(head.text(), signer),
    )
    run("UPDATE audit_log_state SET size = %s, frontier = %s", frontier.size, frontier.serialise())


def hide(stage: Stage, cover: Cover, table: str, row: int) -> None:
    """Go as far as `cover` says for one changed row of the record."""
    if cover != "row":
        reseal(table, row)
    if cover in ("leaf", "signed"):
        releaf(table, row)
    if cover == "signed":
        sign_anew(stage.signer)


def logged(stage: Stage, kind: str, where: str = "true") -> int:
    """An entry that the outside checkpoint covers, by its number."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT row_id FROM audit_leaf l WHERE kind = %s AND idx < %s AND idx > 0 AND {where} ORDER BY idx",
            [kind, stage.outside_size],
        )
        return int(stage.rng.choice([row for (row,) in cursor.fetchall()]))


def move_leaves(start: int, by: int) -> None:
    """Shift all leaves from one on; by way of negative numbers, so that no two ever share one."""
    run("UPDATE audit_leaf SET idx = -1 - idx WHERE idx >= %s", start)
    run("UPDATE audit_leaf SET idx = -1 - idx + %s WHERE idx < 0", by)


# --- the ten kinds --------------------------------------------------------------------------------


def edit_entry(stage: Stage, cover: Cover) -> None:
    lift()
    row = logged(stage, "a")
    what = stage.rng.choice(
        (
            "at = at - interval '40 days'",
            "reason = '领导同意'",
            "actor = '他人'",
            "actor_id = 9",
            "n = n + 1",
            "db_user = 'jiangce_app'",
            'after = \'{"state": "passed"}\'',
        )
    )
    run(f"UPDATE audit_action SET {what} WHERE id = %s", row)
    hide(stage, cover, "audit_action", row)


def delete_entry(stage: Stage, cover: Cover) -> None:
    """An act that somebody wishes had not been recorded, with its detail."""
    lift()
    row = logged(stage, "d")
    action = one("SELECT action_id FROM audit_detail WHERE id = %s", row)
    run("DELETE FROM audit_detail WHERE id = %s", row)
    if cover == "row":
        return
    run("DELETE FROM audit_action WHERE id = %s", action)
    if cover == "sealed":
        return
    for kind, number in (("d", row), ("a", action)):
        place = one("DELETE FROM audit_leaf WHERE kind = %s AND row_id = %s RETURNING idx", kind, number)
        move_leaves(place, -1)
    if cover == "signed":
        sign_anew(stage.signer)


def insert_entry(stage: Stage, cover: Cover) -> None:
    """An approval that never was, between those that were."""
    lift()
    row = one(
        "INSERT INTO audit_action (at, db_user, actor, actor_role, region_code, code, subject_type, subject_id, n, "
        "reason, request_id, body) SELECT at, db_user, '审核人', 'C1', '650000', 'review.approve', 'case', '1', 1, "
        "'已核', '', '' FROM audit_action WHERE id = %s RETURNING id",
        logged(stage, "a"),
    )
    reseal("audit_action", row)
    if cover == "row":
        return
    if cover == "sealed":
        run("INSERT INTO audit_pending (kind, row_id) VALUES ('a', %s)", row)
        run("UPDATE audit_action SET body = body || '|' WHERE id = %s", row)
        return
    place = stage.rng.randrange(1, stage.outside_size)
    move_leaves(place, 1)
    run("INSERT INTO audit_leaf SELECT %s, 'a', id, leaf_hash FROM audit_action WHERE id = %s", place, row)
    if cover == "signed":
        sign_anew(stage.signer)


def reorder_entries(stage: Stage, cover: Cover) -> None:
    """Two entries change places, or two rows their numbers."""
    lift()
    one_row, other = logged(stage, "a"), logged(stage, "a")
    while other == one_row:
        other = logged(stage, "a")
    if cover in ("row", "sealed"):
        # The acts themselves, under each other's number.
        columns = "at, actor, code, subject_type, subject_id, n, reason"
        run(
            f"UPDATE audit_action a SET ({columns}) = (SELECT {columns} FROM audit_action b "
            "WHERE b.id = CASE a.id WHEN %(one)s THEN %(other)s ELSE %(one)s END) WHERE a.id IN (%(one)s, %(other)s)"
            % {"one": one_row, "other": other}
        )
        for row in (one_row, other):
            hide(stage, cover, "audit_action", row)
        return
    places = [
        one("SELECT idx FROM audit_leaf WHERE kind = 'a' AND row_id = %s", row) for row in (one_row, other)
    ]
    run("UPDATE audit_leaf SET idx = -1 WHERE idx = %s", places[0])
    run("UPDATE audit_leaf SET idx = %s WHERE idx = %s", places[0], places[1])
    run("UPDATE audit_leaf SET idx = %s WHERE idx = -1", places[1])
    if cover == "signed":
        sign_anew(stage.signer)


def rewrite_detail(stage: Stage, cover: Cover) -> None:
    lift()
    row = logged(stage, "d")
    run('UPDATE audit_detail SET detail = detail || \'{"name": "别人"}\' WHERE id = %s', row)
    if cover == "row":
        return
    salt = one("SELECT salt FROM audit_detail WHERE id = %s", row)
    detail = one("SELECT detail FROM audit_detail WHERE id = %s", row)
    run("UPDATE audit_detail SET commitment = %s WHERE id = %s", _commit(bytes(salt), detail), row)
    hide(stage, cover, "audit_detail", row)


def _commit(salt: bytes, detail: Any) -> bytes:
    return commit(salt, json.loads(detail) if isinstance(detail, str) else detail)


def rewrite_manifest(stage: Stage, cover: Cover) -> None:
    """Change a row of the register and make its manifest fit; or exchange what two rows committed to."""
    lift("enrolments_enrolment")
    row = logged(
        stage,
        "m",
        "EXISTS (SELECT 1 FROM audit_manifest m WHERE m.id = l.row_id AND m.table_name = 'enrolments_enrolment' "
        "AND cardinality(m.row_ids) > 3)",
    )
    if stage.rng.random() < 0.5:
        run(
            "UPDATE audit_manifest SET hashes = substr(hashes, 33, 32) || substr(hashes, 1, 32) || substr(hashes, 65) "
            "WHERE id = %s",
            row,
        )
    else:
        victim = one("SELECT row_ids[3] FROM audit_manifest WHERE id = %s", row)
        form = one("SELECT canon FROM audit_manifest WHERE id = %s", row)
        run("UPDATE enrolments_enrolment SET score = coalesce(score, 0) / 2 + 1 WHERE id = %s", victim)
        run(
            f"UPDATE audit_manifest m SET hashes = overlay(hashes PLACING canon_hash(r.canon) FROM 65) "
            f"FROM canon_{form}_rows() r WHERE r.id = %s AND m.id = %s",
            victim,
            row,
        )
    hide(stage, cover, "audit_manifest", row)


def roll_back(stage: Stage, cover: Cover) -> None:
    """The log ends earlier than it did: at an older checkpoint that was truly signed, or where it suits."""
    lift()
    size = stage.older if cover in ("row", "sealed") else stage.rng.randrange(stage.older, stage.outside_size)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_leaf WHERE idx >= %s RETURNING kind, row_id", [size])
        gone = cursor.fetchall()
    run("DELETE FROM audit_checkpoint WHERE size > %s", size)
    if cover != "row":
        for kind, table in (("m", "manifest"), ("d", "detail"), ("a", "action")):
            run(f"DELETE FROM audit_{table} WHERE id = ANY(%s)", [row for k, row in gone if k == kind])
    if cover == "leaf":
        run("UPDATE audit_log_state SET size = %s", size)
    if cover == "signed":
        sign_anew(stage.signer)


_BUSINESS: tuple[tuple[str, str], ...] = (
    ("claims_payment", "SET amount_fen = amount_fen * 2 WHERE id = (SELECT max(id) FROM claims_payment)"),
    (
        "enrolments_enrolment",
        "SET result = 'fail' WHERE id = (SELECT max(id) FROM enrolments_enrolment WHERE score > 0)",
    ),
    (
        "issuance_certificate",
        "SET number = number || '9' WHERE id = (SELECT max(id) FROM issuance_certificate)",
    ),
    (
        "people_person",
        "SET name = '换了人' WHERE id = (SELECT person_id FROM people_document ORDER BY id LIMIT 1)",
    ),
    ("catalogue_threshold", "SET value = value + 1000"),
    ("accounts_membership", "SET role = 'AUD', region_id = NULL"),
    ("catalogue_agelimit", "SET maximum = 99"),
    ("accounts_user", "SET password = 'argon2$forged'"),
    ("institutions_filing", "SET document_no = '补办'"),
)
_APPLICATION = 4  # the first so many of them the application can reach without its triggers noticing


def edit_business(stage: Stage, cover: Cover) -> None:
    """A row of the register, past the program. `cover` has nothing to hide here: there is no entry to fit."""
    rights = _as_what()
    reach = _BUSINESS if rights != "application" else _BUSINESS[:_APPLICATION]
    table, what = stage.rng.choice(reach)
    if rights != "application":
        lift(table)
    if not run(f"UPDATE {table} {what}"):
        raise AssertionError(f"nothing to tamper with: {table} {what}")


def _as_what() -> Rights:
    user = one("SELECT session_user::text")
    return "application" if user == roles.APP else "owner" if user == OWNER else "administrator"


def empty_queue(stage: Stage, cover: Cover) -> None:
    """Entries that wait for the log never get there."""
    lift()
    last = one("SELECT max(row_id) FROM audit_pending WHERE kind = 'a'")
    run("DELETE FROM audit_pending WHERE kind = 'a' AND row_id = %s", last)
    if cover == "sealed":
        run("DELETE FROM audit_pending")
    if cover == "leaf":
        run("UPDATE audit_action SET reason = '' WHERE id = %s", last)
        reseal("audit_action", last)
    if cover == "signed":
        sign_anew(stage.signer)


def replace_key(stage: Stage, cover: Cover) -> None:
    """History rewritten under another key, of the same name or by a line beside the true one."""
    lift()
    row = logged(stage, "a")
    run("UPDATE audit_action SET reason = '改写' WHERE id = %s", row)
    reseal("audit_action", row)
    releaf("audit_action", row)
    forger = Signer.generate(stage.signer.verifier.name)
    sign_anew(forger)
    if cover in ("leaf", "signed"):
        # A true signature over an older head, set under the forged text.
        line = Path(stage.outside).read_text("utf-8").split("\n\n")[1]
        run("UPDATE audit_checkpoint SET note = note || %s", line)
    if cover == "sealed":
        run("UPDATE audit_checkpoint SET note = split_part(note, E'\\n\\n', 1) || E'\\n\\n— x AAAAAAAA\\n'")


KINDS: dict[str, Callable[[Stage, Cover], None]] = {
    "edit an entry, or its moment": edit_entry,
    "delete an entry": delete_entry,
    "insert an entry": insert_entry,
    "exchange entries": reorder_entries,
    "rewrite a detail": rewrite_detail,
    "rewrite a manifest": rewrite_manifest,
    "roll the log back": roll_back,
    "edit a row of the register": edit_business,
    "empty the queue": empty_queue,
    "replace the key": replace_key,
}


# --- and found ------------------------------------------------------------------------------------


@dataclass
class Tally:
    """(kind, rights) → how many were refused, found by the script, found by `verify state` alone, missed."""

    counts: Counter[tuple[str, Rights, str]] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    with_key: int = 0

    def total(self, how: str) -> int:
        return sum(count for (_kind, _rights, found), count in self.counts.items() if found == how)


class _Undo(Exception):
    """Ends a tampering, so that nothing of it stays."""


def attempt(stage: Stage, kind: str, rights: Rights, cover: Cover) -> str:
    """Tamper once: refused, script, state, or missed."""
    found = "refused"
    try:
        with transaction.atomic():
            try:
                with acting_with(rights):
                    KINDS[kind](stage, cover)
            except DatabaseError as error:
                if not _is_refusal(error):
                    raise
                raise _Undo from error
            found = look(stage)
            raise _Undo
    except _Undo:
        pass
    return found


def _is_refusal(error: DatabaseError) -> bool:
    """The database says no; anything else is a mistake of ours."""
    return getattr(error.__cause__, "sqlstate", "") in ("42501", "23001", "23514", "23502", "23505", "23503")


def look(stage: Stage, python: str | None = None) -> str:
    """What an auditor finds who may only read: script, state, or missed."""
    settle()
    run(f"SET LOCAL SESSION AUTHORIZATION {roles.AUDIT}")
    try:
        said = script(stage, python)
        if not said.ok:
            return "script"
        return "missed" if verify.verify(Scope.all()).ok else "state"
    finally:
        run("RESET SESSION AUTHORIZATION")


def script(stage: Stage, python: str | None = None) -> logbook.Verdict:
    """The offline script over a fresh export, against the outside checkpoint."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "export"
        try:
            export.write(Scope.all(), out, with_details=True)
        except export.NothingToExport:
            return logbook.Verdict(1, ["没有检查点可以导出"], "")
        arguments = (out, "--key", stage.vkey, "--old", stage.outside)
        return logbook.verify(*arguments, python=python) if python else logbook.verify(*arguments)


def plan(each: int) -> Iterator[tuple[str, Rights, Cover]]:
    """So many of each kind, by owner and administrator in turn, and by the application where it can do anything."""
    for kind in KINDS:
        able: Sequence[Rights] = RIGHTS if kind == "edit a row of the register" else RIGHTS[1:]
        for n in range(each):
            yield kind, able[n % len(able)], COVERS[n // len(able) % len(COVERS)]


def tamper(stage: Stage, each: int, told: Callable[[str], None] = lambda line: None) -> Tally:
    """The whole plan; and beside it, what the application tries and is refused."""
    tally = Tally()
    for kind, rights, cover in plan(each):
        found = attempt(stage, kind, rights, cover)
        tally.counts[kind, rights, found] += 1
        tally.with_key += cover == "signed" and kind not in ("edit a row of the register", "replace the key")
        if found in ("missed", "refused"):
            tally.missed.append(f"{kind} by {rights}, cover {cover}: {found}")
        told(f"{kind} / {rights} / {cover}: {found}")
    for kind in KINDS:
        if kind != "edit a row of the register":
            for cover in COVERS:
                found = attempt(stage, kind, "application", cover)
                tally.counts[kind, "application", found] += 1
                if found == "missed":
                    tally.missed.append(f"{kind} by application, cover {cover}: missed")
    return tally
