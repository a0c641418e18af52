"""Whoever tampers with the record, with whatever rights, is refused or found. scripts/trials/tamper does 300."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.audit import verify
from registry.lib.scope import Scope
from tests import logbook, tampering

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_the_honest_record_passes_and_every_kind_of_tampering_is_found(tmp_path: Path) -> None:
    stage = tampering.build(tmp_path, rows=12)
    for python in logbook.PYTHONS:
        said = tampering.script(stage, python)
        assert said.ok, said.problems
    assert verify.verify(Scope.all()).ok
    tally = tampering.tamper(stage, each=2)
    assert not tally.missed
    assert tally.total("script") + tally.total("state") == 20
    assert sum(tally.straight.values()) == 9 * 6
    assert {how for _kind, rights, how in tally.straight if rights == "application"} == {"refused"}
