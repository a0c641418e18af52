"""The small twin of scripts/trials/erase: ten of thirty people are erased, and nothing of them is left anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import erasing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def test_of_ten_who_are_erased_nothing_is_left_and_every_proof_holds(tmp_path: Path) -> None:
    outcome = erasing.attempt(30, 10, tmp_path)
    assert outcome.good, outcome
    assert outcome.found_before >= 10 and outcome.details_erased >= 4
