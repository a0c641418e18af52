"""Places in status lists, and what changes in them (W3C Bitstring Status List 1.0).

Each certificate of ours has one place in one list of its body; whoever holds a list can ask about any certificate
without telling us which. `reserve` gives places out, `touched` says that states have changed. What is published lies
in `status_publishing`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import F

from certificates.issuance.models import StatusList

__all__ = ["Place", "follow", "place", "renew", "reserve", "touched"]

BITS: Final = 17  # 131,072 places, the least that the specification asks for (§2.1, herd privacy)
SIZE: Final = 1 << BITS
_ROUNDS: Final = 6
_LOW: Final = 9  # the halves of 17 bits: 8 and 9
_HIGH: Final = BITS - _LOW


class Place(NamedTuple):
    """Which list, and which bit of it (`status_index`)."""

    status_list: int
    bit: int


def place(seed: bytes, turn: int) -> int:
    """The place of whoever comes at this turn: a permutation of 0…131,071 keyed by the seed (a Feistel network)."""
    if not 0 <= turn < SIZE:
        raise ValueError("no such turn")
    low, high = turn & ((1 << _LOW) - 1), turn >> _LOW
    for number in range(_ROUNDS):
        if number % 2:
            low ^= _mix(seed, number, high) & ((1 << _LOW) - 1)
        else:
            high ^= _mix(seed, number, low) & ((1 << _HIGH) - 1)
    return high << _LOW | low


def _mix(seed: bytes, number: int, half: int) -> int:
    digest = hashlib.sha256(seed + bytes([number]) + half.to_bytes(2, "big")).digest()
    return int.from_bytes(digest[:2], "big")


def reserve(institution_id: int, count: int) -> list[Place]:
    """So many places in the lists of a body, nobody else's for ever.

    Ask before the transaction that needs them: the list stays locked until the end of the one that asked. Places of
    what then came to nothing stay empty, which does no harm.
    """
    found: list[Place] = []
    while len(found) < count:
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"institution": institution_id, "count": count - len(found)})
            taken = cursor.fetchone()
        if taken is None:
            _begin(institution_id)
            continue
        pk, seed, first, last = taken
        found += [Place(pk, place(bytes(seed), turn)) for turn in range(first, last)]
    return found


# The row is locked before it is read, so that two who ask at once get different turns.
_TAKE = """
WITH held AS (
    SELECT id, taken, least(size, taken + %(count)s) AS until FROM issuance_statuslist
    WHERE institution_id = %(institution)s AND current FOR UPDATE
)
UPDATE issuance_statuslist l SET taken = held.until, current = held.until < l.size
FROM held WHERE l.id = held.id
RETURNING l.id, l.seed, held.taken, held.until
"""


def _begin(institution_id: int) -> None:
    StatusList.objects.bulk_create(
        [StatusList(institution_id=institution_id, size=SIZE, seed=os.urandom(16))], ignore_conflicts=True
    )


def touched(certificate_ids: Iterable[int]) -> int:
    """States of these certificates change in this transaction: their lists are due. Returns the number of lists."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS (
                SELECT l.id FROM issuance_statuslist l
                WHERE l.id IN (SELECT status_list_id FROM issuance_attestation WHERE id = ANY (%s))
                ORDER BY l.id FOR UPDATE
            )
            UPDATE issuance_statuslist l SET changes = l.changes + 1 FROM due WHERE l.id = due.id
            """,
            [list(certificate_ids)],
        )
        count = int(cursor.rowcount)
    if count:
        for call in _followers:
            transaction.on_commit(call)
    return count


def renew(institution_id: int) -> None:
    """Lists of a body whose last key is gone (compromised) are due, to be signed with its new one."""
    if StatusList.objects.filter(institution_id=institution_id).update(changes=F("changes") + 1):
        for call in _followers:
            transaction.on_commit(call)


_followers: list[Callable[[], None]] = []


def follow(call: Callable[[], None]) -> None:
    """To be called whenever a change of states was committed; the app says so once, when it starts."""
    if call not in _followers:
        _followers.append(call)
