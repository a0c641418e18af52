"""How often something may be done: counted in PostgreSQL, for all processes alike, and never one time too often.

    wait = take(f"door|{address}", figures.limits("door.address"))
    if wait is not None: …                        # refuse; wait.seconds is how long

A limit holds for every span of its length, not for the hours of a clock. What is refused does not count. Keys are put
through an HMAC before they reach the database: no address, telephone or number lies in the table.

Ask outside of a transaction: whoever asks for the same key meanwhile waits until the row is let go, and what a
transaction that is undone had counted was never counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil
from typing import NamedTuple

from django.db import connection

from registry.lib.figures import Limit
from registry.lib.keyed import keyed
from registry.lib.models import Counter

__all__ = ["Limit", "Take", "Wait", "forget", "give_back", "look", "sweep", "take", "take_all"]


class Wait(NamedTuple):
    """Refused; after so many whole seconds there is room again."""

    seconds: int


class Take(NamedTuple):
    """One of several things to count at once."""

    key: str
    limits: Sequence[Limit]


def take(key: str, limits: Sequence[Limit], now: datetime | None = None) -> Wait | None:
    """Count one under the key, unless that would be more than one of its limits; then say how long to wait."""
    return _ask([Take(key, limits)], counts=True, now=now)


def take_all(takes: Iterable[Take], now: datetime | None = None) -> Wait | None:
    """Count one under each key, or under none: when any of them has no room, the longest wait is the answer."""
    return _ask(list(takes), counts=True, now=now)


def look(takes: Iterable[Take], now: datetime | None = None) -> Wait | None:
    """What `take_all` would say, without counting."""
    return _ask(list(takes), counts=False, now=now)


def give_back(key: str) -> None:
    """Take the last count back: what was done turned out not to be what the limit is about."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lib_counter SET hits = trim_array(hits, 1) WHERE key = %s AND hits <> '{}'", [_keyed(key)]
        )


def forget(key: str) -> None:
    """Begin at nothing again."""
    Counter.objects.filter(pk=_keyed(key)).delete()


def sweep() -> int:
    """Delete what no limit asks for any more; returns the number of keys. The worker does it every few minutes."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM lib_counter WHERE until < clock_timestamp()")
        return int(cursor.rowcount)


def _ask(takes: list[Take], *, counts: bool, now: datetime | None) -> Wait | None:
    # The same key twice is one key with both sets of limits: it counts once.
    keys: dict[bytes, int] = {}
    owners: list[int] = []
    each: list[Limit] = []
    for key, limits in takes:
        owner = keys.setdefault(_keyed(key), len(keys) + 1)
        owners += [owner] * len(limits)
        each += limits
    if not each:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lib_take(%s::bytea[], %s::integer[], %s::integer[], %s::float8[], %s, %s)",
            [list(keys), owners, [limit.n for limit in each], [limit.seconds for limit in each], counts, now],
        )
        ((wait,),) = cursor.fetchall()
    return Wait(max(1, ceil(wait))) if wait > 0 else None


def _keyed(key: str) -> bytes:
    return keyed("counter", key)
