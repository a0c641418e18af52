"""Places in status lists: each once, in no order that tells anything."""

from __future__ import annotations

import itertools
import os
from typing import Any

from certificates.issuance import status_lists
from certificates.issuance.models import StatusList
from tests import town as towns


def test_places_are_a_permutation_of_the_turns() -> None:
    seed = os.urandom(16)
    places = [status_lists.place(seed, turn) for turn in range(0, status_lists.SIZE, 2)]
    others = {status_lists.place(seed, turn) for turn in range(1, status_lists.SIZE, 2)}
    assert len(others | set(places)) == status_lists.SIZE
    assert sum(later > earlier for earlier, later in itertools.pairwise(places)) in range(31_000, 34_500)


def test_a_place_is_given_once_and_a_full_list_is_followed_by_the_next(db: Any) -> None:
    body = towns.build().school
    first = status_lists.reserve(body.pk, 3)
    StatusList.objects.update(taken=status_lists.SIZE - 2)
    later = status_lists.reserve(body.pk, 5)
    assert len({*first, *later}) == 8
    lists = list(StatusList.objects.order_by("id").values_list("id", "taken", "current"))
    assert [(taken, current) for _, taken, current in lists] == [(status_lists.SIZE, False), (3, True)]
    assert [found.status_list for found in later] == [lists[0][0]] * 2 + [lists[1][0]] * 3
