"""The notary dies again and again while others write: nothing is lost, doubled or contradicted. Many more times:
scripts/trials/notary."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.config import roles
from tests import notarial


@pytest.mark.slow
def test_a_notary_that_is_killed_loses_and_doubles_nothing(database_url: str, tmp_path: Path) -> None:
    roles.apply(ddl_events=False)
    place = notarial.Place(database_url, tmp_path)
    opened = place.command("once")
    assert opened.returncode == 0, opened.stderr
    before = notarial.look(place, pairs=0).entries
    volley = notarial.shoot(place, 8, writers=3, seed=7, command_each=8)
    assert volley.committed > 20
    last = place.command("once")
    assert last.returncode == 0, last.stderr
    found = notarial.look(place, pairs=200)
    assert found.clean, found
    assert found.entries == before + volley.committed
