"""A registry whose record is in the log, and the rights with which somebody tampers with it.

Rights are those of the application's database role, of an owner of the tables who is no superuser, and of a database
administrator. `cover` says how far whoever tampers goes to hide it: the row alone; its sealed bytes as well; the leaf
as well; or everything, with a checkpoint signed anew by the log's own key. An auditor holds one older checkpoint,
taken from outside, and a database role that only reads.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from django.db import connection, transaction

from registry.audit.keeping import Keeper
from registry.audit.models import Checkpoint
from registry.audit.notary import Notary
from registry.audit.notes import Signer
from registry.audit.publishing import Published
from registry.audit.services import record
from registry.config import roles
from registry.people.models import Person
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
    lifting: bool = True

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
    yield
    # After an error the transaction is undone, and this with it.
    run("RESET SESSION AUTHORIZATION")
