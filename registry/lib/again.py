"""The same once more, where the database broke a transaction off for the sake of another one."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from typing import Final, TypeVar

from django.db import DatabaseError, connection

R = TypeVar("R")

TRIES: Final = 5
#: serialization failure, deadlock: the same once more may well succeed (PostgreSQL, appendix A)
BROKEN_OFF: Final = frozenset({"40001", "40P01"})
#: somebody else wrote the same meanwhile; for deeds that look first, and then find it written
WRITTEN_MEANWHILE: Final = frozenset({"23505"})
_PATIENCE: Final = 0.05  # seconds; doubled with every try, and scattered


def again(deed: Callable[[], R], passing: Collection[str] = BROKEN_OFF) -> R:
    """What the deed returns, which is a whole transaction or several; errors of these SQLSTATEs pass.

    Raises the last error after `TRIES`, and the first one within somebody else's transaction, where there is nothing
    left to repeat.
    """
    for left in reversed(range(TRIES)):
        try:
            return deed()
        except DatabaseError as error:
            if (
                not left
                or connection.in_atomic_block
                or getattr(error.__cause__, "sqlstate", "") not in passing
            ):
                raise
        time.sleep(_PATIENCE * 2 ** (TRIES - left) * random.random())
    raise AssertionError("unreachable")
