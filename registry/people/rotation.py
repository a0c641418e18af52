"""Changing the sealing key: numbers are sealed anew under the active key, while everybody goes on reading and writing.

The new key is added to the key file first and becomes active; the old one stays, for reading. Rows are then taken in
chunks, each a transaction of its own, skipping those that somebody else holds; every row says in its own first bytes
which key it is under, so that a rotation cut off anywhere is simply started again. Keyed indexes stay as they are: a
lookup goes through every version of the index key, but rows are not indexed anew here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.verify import Report, verify_table
from registry.identity.current import keyring
from registry.identity.keyring import BANK, IDNO, PHONE
from registry.lib.scope import Scope
from registry.review import agreed
from registry.review import procedures as review
from registry.review.procedures import Ask, Procedure, Step

CHUNK_ROWS = 5_000

# A pass that finds nothing to do proves that all is done; one that only met rows held by others is repeated.
PASSES = 100
_PATIENCE = 0.1  # seconds between two passes


#: what two administrators agree to before the command runs on real numbers
KIND = "keys.rotate"


def _by_id(row: Any, beside: Any) -> UUID:
    return UUID(str(row))


class Sealed(NamedTuple):
    """Where the values of one purpose lie. `beside` is another column of the row: whose it is where history commits to
    the ciphertext, or what `bound` needs; `bound` (row's id, that column) → what the key ring bound the value to.
    """

    table: str
    column: str = "sealed"
    committed: bool = False  # whether history commits to the ciphertext of these rows
    beside: str = "person_id"
    bound: Callable[[Any, Any], UUID | str] = _by_id
    ids: str = "uuid"  # or bigint
    most: int = CHUNK_ROWS  # rows of one chunk, fewer where values are whole files


TABLES: dict[str, tuple[Sealed, ...]] = {
    IDNO: (Sealed("people_document", committed=True), Sealed("accounts_holder", beside="id")),
    PHONE: (Sealed("people_phone"),),
    BANK: (Sealed("people_bankaccount"),),
}
_labels: dict[str, Any] = {IDNO: _("证件号码"), PHONE: _("联系电话"), BANK: _("银行账号")}

# What is empty was never sealed, or is erased.
_NEXT = """
SELECT id, {beside}, {column} FROM {table}
WHERE id > %s AND {column} <> '' AND substring({column} FROM 3 FOR 2) <> %s
ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_WRITE = """
UPDATE {table} t SET {column} = n.sealed FROM unnest(%s::{ids}[], %s::bytea[]) n(id, sealed) WHERE t.id = n.id
"""
_LEFT = "SELECT count(*) FROM {table} WHERE {column} <> '' AND substring({column} FROM 3 FOR 2) <> %s"
_BEGINNING = {"uuid": UUID(int=0), "bigint": 0}


def register(purpose: str, label: Any, *places: Sealed) -> None:
    """Rooms above say where they keep values of a purpose, and what it is called; several may share one."""
    TABLES[purpose] = tuple(dict.fromkeys((*TABLES.get(purpose, ()), *places)))
    _labels[purpose] = label
    review.register(agreement())


def agreement() -> Procedure:
    """A rotation is asked for by one administrator and agreed to by another; the command looks for that."""
    return Procedure(
        kind=KIND,
        label=_("轮换密钥"),
        steps=(Step("agree", action="key.rotate"),),
        on_approved=lambda case, actor: None,
        effect=_("规定时限内可在服务器上运行 keys rotate，用现行密钥重新加密这一类号码。"),
        facts=agreed.facts,
        ask=Ask("key.rotate", tuple(_labels.items())),
    )


class NotAsRecorded(Exception):
    """人员记录与历史记载不符。轮换会替改动过的记录重新作证,请先运行 audit verify 查清。"""


def rotate(
    purpose: str,
    *,
    actor: User | None = None,
    chunk_rows: int = CHUNK_ROWS,
    told: Callable[[int], None] | None = None,
) -> int:
    """Seal every value of a purpose (a key of TABLES) under the active key; returns how many were not.

    ``told`` hears the count so far after each chunk. Raises NotAsRecorded, KeyError for another purpose, and what the
    key ring raises for a value that cannot be opened: nothing is passed over.
    """
    places = TABLES[purpose]
    if any(place.committed for place in places):
        _look_first()
    done = 0
    for _pass in range(PASSES):
        for place in places:
            for rows in _chunks(purpose, place, actor, chunk_rows):
                done += rows
                if told is not None:
                    told(done)
        if not left(purpose):
            break
        time.sleep(_PATIENCE)
    return done


def left(purpose: str) -> int:
    """How many values are not under the active key yet."""
    found = 0
    with connection.cursor() as cursor:
        for place in TABLES[purpose]:
            cursor.execute(_LEFT.format(**place._asdict()), [keyring().active_key.encode()])
            found += cursor.fetchone()[0]
    return found


def _look_first() -> None:
    """A row's history commits to its ciphertext, so sealing anew commits again; that must not cover a change up."""
    report = Report()
    verify_table(Scope.all(), "people_person", report)
    if not report.ok:
        raise NotAsRecorded(f"{len(report.differences)}")


def _chunks(purpose: str, place: Sealed, actor: User | None, chunk_rows: int) -> Iterator[int]:
    """One pass over the table in the order of its ids; yields the rows of each chunk when it is committed."""
    after: Any = _BEGINNING[place.ids]
    while True:
        with transaction.atomic():
            rows, beside, last = _chunk(purpose, place, after, min(chunk_rows, place.most))
            if not rows:
                return
            action = audit.record(
                code="keys.rotate", actor=actor, subject_type=purpose, subject_id=keyring().active_key, n=rows
            )
            if place.committed:
                audit.manifest_rows(action, "people_person", "person_v1", beside)
        after = last
        yield rows


def _chunk(purpose: str, place: Sealed, after: Any, limit: int) -> tuple[int, list[Any], Any]:
    """How many rows were sealed anew, what stands beside them (each once), and the last of them."""
    ring = keyring()
    names = place._asdict()
    with connection.cursor() as cursor:
        cursor.execute(_NEXT.format(**names), [after, ring.active_key.encode(), limit])
        rows = cursor.fetchall()
        if not rows:
            return 0, [], after
        ids = [row for row, _, _ in rows]
        sealed = [ring.reseal(bytes(value), purpose, place.bound(row, beside)) for row, beside, value in rows]
        cursor.execute(_WRITE.format(**names), [ids, sealed])
    return len(rows), list({beside for _, beside, _ in rows}), ids[-1]
