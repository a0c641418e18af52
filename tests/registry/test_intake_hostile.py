"""Spoiled workbooks do no harm: scripts/trials/hostile in small."""

from __future__ import annotations

import io

import pytest

from tests import hostility, mutants
from tests.loaded import loaded

__all__ = ["loaded"]


@pytest.mark.django_db
@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("mutant", list(mutants.mutants(3, 38)), ids=lambda m: f"{m.how}-{m.name}")
def test_a_spoiled_workbook_is_read_or_refused(mutant: mutants.Mutant) -> None:
    assert hostility.hand_in(mutant.name, io.BytesIO(mutant.data)).wrong == ""
