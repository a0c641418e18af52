"""Workers that are killed while they issue: the small twin of scripts/trials/issuing."""

from __future__ import annotations

import pytest

from tests.issuing_killed import STEPS, Range

NAMES = ("serials were given out", "intents are stored", "signatures were written")


@pytest.mark.django_db(transaction=True)
def test_whoever_is_killed_leaves_no_number_twice_no_gap_and_nothing_without_its_payload() -> None:
    ground = Range(people_each=15, size=4)
    for name in NAMES:
        ground.trial([step[0] for step in STEPS].index(name))
    found = ground.count()
    assert found.clean, found
    # Once in a while the others have done all the work before the victim comes to its step.
    assert found.killed >= 1 and found.certificates == 90
