"""Serials of a space: dense, each given out once, and given back when the transaction that took them is undone.

One row of `Counter` is a space; taking serials locks that row until the end of the transaction, so it is the last
lock that a transaction takes. Bodies, years and levels have rows of their own and do not wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import connection

from certificates.issuance.rules import Space

_TAKE: Final = """
INSERT INTO issuance_counter AS c (space, last) VALUES (%(space)s, %(count)s)
ON CONFLICT (space) DO UPDATE SET last = c.last + %(count)s
WHERE c.last + %(count)s <= %(most)s
RETURNING last
"""
_LAST: Final = "SELECT last FROM issuance_counter WHERE space = %s FOR UPDATE"
_TAKEN: Final = "SELECT number FROM issuance_certificate WHERE number = ANY (%s)"


def allocate(wanted: Mapping[Space, int]) -> dict[Space, list[int]]:
    """So many serials of each space, ascending; fewer where the space runs out.

    Numbers that stand on record already (a ledger reported them) are passed over. Spaces are locked in one order, so
    that nobody waits for somebody who waits for them. Call it in a transaction, last.
    """
    return {space: _of(space, wanted[space]) for space in sorted(wanted) if wanted[space]}


def _of(space: Space, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        block = _block(space, count - len(found))
        if not block:
            break
        found += block if not (taken := _on_record(space, block)) else [n for n in block if n not in taken]
    return found


def _block(space: Space, count: int) -> range:
    with connection.cursor() as cursor:
        count = min(count, space.most)
        cursor.execute(_TAKE, {"space": space.text, "count": count, "most": space.most})
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_LAST, [space.text])
            count = space.most - cursor.fetchone()[0]
            if not count:
                return range(0)
            cursor.execute(_TAKE, {"space": space.text, "count": count, "most": space.most})
            row = cursor.fetchone()
    return range(row[0] - count + 1, row[0] + 1)


def _on_record(space: Space, block: range) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, [[space.number(serial) for serial in block]])
        return {int(number[-space.digits :]) for (number,) in cursor.fetchall()}
