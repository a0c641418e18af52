"""Identifiers: well formed, ascending whatever the clock does, and never twice."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.identity import uuid7 as module
from registry.identity.uuid7 import uuid7, uuid7_block


def test_one_identifier_carries_version_variant_and_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1


@given(st.lists(st.integers(0, 300), max_size=6))
def test_blocks_are_canonical_distinct_and_ascending(sizes: list[int]) -> None:
    made = [text for size in sizes for text in uuid7_block(size)]
    assert len(made) == sum(sizes)
    assert made == sorted(set(made))
    assert all(str(UUID(text)) == text and UUID(text).version == 7 for text in made)


def test_a_large_block_crosses_every_part_of_the_counter() -> None:
    made = uuid7_block(60_000)
    assert len(made) == 60_000 and made == sorted(set(made))
    assert all(text[14] == "7" and text[19] in "89ab" and len(text) == 36 for text in made)


def test_a_clock_put_back_does_not_put_identifiers_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uuid7_block(3)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    assert uuid7_block(3) > first


def test_a_full_counter_borrows_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_counter", module._COUNTER_END - 2)
    monkeypatch.setattr(module, "_millis", 2**47)
    made = uuid7_block(5)
    assert made == sorted(set(made))
    assert [UUID(text).int >> 80 for text in made] == [2**47] * 2 + [2**47 + 1] * 3


def test_threads_never_draw_the_same() -> None:
    with ThreadPoolExecutor(8) as pool:
        blocks = list(pool.map(uuid7_block, [500] * 16))
    assert len({text for block in blocks for text in block}) == 8000


def test_a_forked_child_draws_its_own() -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, "\n".join(uuid7_block(50)).encode())
        os._exit(0)
    os.close(write)
    mine = set(uuid7_block(50))
    with os.fdopen(read) as pipe:
        theirs = set(pipe.read().split())
    os.waitpid(child, 0)
    assert len(theirs) == 50 and not mine & theirs
