"""In which capacity the running code acts: set at the edge (request, task, command), read by `record`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, as it will stand in the record: plain values, no reference to an account that may go."""

    actor: str = ""
    actor_id: int | None = None
    role: str = ""
    institution_id: int | None = None
    region_code: str = ""
    request_id: str = ""


NOBODY = Acting()
_acting: ContextVar[Acting] = ContextVar("acting", default=NOBODY)


def acting() -> Acting:
    """The capacity in force, NOBODY outside of any."""
    return _acting.get()


@contextmanager
def acting_as(who: Acting) -> Iterator[None]:
    """Everything recorded inside happens in this capacity."""
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)
