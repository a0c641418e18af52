"""Time-ordered identifiers (RFC 9562, version 7), made one at a time or by the block.

Rows that are written together lie together in the index, and an identifier is known before the row is
written, which the sealed columns need: the row's identifier is bound into the ciphertext.

Layout: 48 bits of milliseconds, 26 bits of counter (12 in rand_a, 14 in rand_b), 48 random bits. The
counter starts at a random place every millisecond and never goes back, so that what one process makes is
strictly ascending.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from uuid import UUID

_COUNTER_BITS = 26
_COUNTER_END = 1 << _COUNTER_BITS
_START_MASK = _COUNTER_END // 2 - 1  # half of the room stays free for what follows within the millisecond

_lock = threading.Lock()
_millis = 0
_counter = 0


def uuid7() -> UUID:
    return UUID(uuid7_block(1)[0])


def uuid7_block(count: int) -> list[str]:
    """So many identifiers as canonical text, ascending, ready for COPY and for `Keyring.seal`."""
    made: list[str] = []
    while len(made) < count:
        millis, first, size = _reserve(count - len(made))
        made.extend(_written(millis, first, size))
    return made


def _reserve(count: int) -> tuple[int, int, int]:
    """A stretch of the counter that nobody else gets: millisecond, first value, how many."""
    global _millis, _counter
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _millis:  # a clock that was put back keeps the last millisecond until it has caught up
            _millis, _counter = now, int.from_bytes(os.urandom(4), "big") & _START_MASK
        elif _counter >= _COUNTER_END:
            _millis, _counter = _millis + 1, int.from_bytes(os.urandom(4), "big") & _START_MASK
        first = _counter
        size = min(count, _COUNTER_END - first)
        _counter = first + size
        return _millis, first, size


def _written(millis: int, first: int, size: int) -> Iterator[str]:
    """The text of one stretch, by runs that share all but the last 14 bits of the counter."""
    time_text = f"{millis:012x}"
    tails = os.urandom(6 * size).hex()
    for high in range(first >> 14, (first + size - 1 >> 14) + 1):
        start, end = max(first, high << 14), min(first + size, high + 1 << 14)
        head = f"{time_text[:8]}-{time_text[8:]}-7{high:03x}-"
        low = range(0x8000 | start & 0x3FFF, (0x8000 | end - 1 & 0x3FFF) + 1)
        at = range(12 * (start - first), 12 * (end - first), 12)
        yield from [f"{head}{n:x}-{tails[i : i + 12]}" for n, i in zip(low, at, strict=True)]


def _forget_clock() -> None:
    """A forked child starts its own count: two processes must not continue the same one."""
    global _millis, _lock
    _millis, _lock = 0, threading.Lock()


os.register_at_fork(after_in_child=_forget_clock)
