"""Questions put to the roll-ups: one statement for all of them, and no count disturbs another."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.training.counted import LONE, N1, N2, NORTH, PROVINCE, S1, Register
from training.catalogue.codes import TrainingType
from training.targets import services, sums
from training.targets.counting import SUBSIDISED, Count, Filter, Period, Place
from training.targets.sums import By, Figures, Question
from training.targets.tables import Measure

pytestmark = pytest.mark.django_db

PLAN = Period("plan", dt.date(2021, 1, 1), dt.date(2025, 12, 31))
SPAN = Period("span", dt.date(2023, 6, 1), dt.date(2024, 8, 31))

#: Every kind of filter, alone and joined, over every measure.
COUNTS = {
    "all": Count(Measure.FINISHED),
    "people": Count(Measure.FINISHED, what="heads"),
    "subsidised": Count(Measure.FINISHED, Filter(funding=(SUBSIDISED,))),
    "people, subsidised": Count(Measure.FINISHED, Filter(funding=(SUBSIDISED,)), "heads"),
    "people, startup": Count(Measure.FINISHED, Filter(training_type=("startup",)), "heads"),
    "begun": Count(Measure.STARTED),
    "begun, veterans": Count(Measure.STARTED, Filter(category=("veteran",))),
    "veterans": Count(Measure.FINISHED, Filter(category=("veteran", "rural"))),
    "startup, market": Count(Measure.FINISHED, Filter(funding=("market",), training_type=("startup",))),
    "certified": Count(Measure.CERTIFIED),
    "vocational": Count(Measure.CERTIFIED, Filter(family=("skill_level",))),
    "high": Count(Measure.HIGH_NEW, Filter(min_rank=4)),
    "certified, high": Count(Measure.CERTIFIED, Filter(min_rank=3)),
    "paid": Count(Measure.PAID),
    "money": Count(Measure.PAID, what="amount_fen"),
    **{code: Count(Measure.FINISHED, Filter(training_type=(code,))) for code in TrainingType.values},
}


@pytest.fixture
def places() -> dict[str, Place]:
    """Where figures of every kind lie; half of them folded, half still open."""
    made = Register.make()
    north, both = made.provider("北校", N1), made.provider("两地校", N1)
    first = made.klass(north, N1)
    rows = made.finish(first, "abcde")
    made.finish(made.klass(both, N1, funding="market", training_type="startup"), "abf", category="veteran")
    made.certify("a", N1, institution=north, level_id=4, first_high=True)
    made.pay(rows[0])
    services.fold()
    made.finish(made.klass(both, S1, training_type="startup"), "ag")
    made.finish(made.klass(north, NORTH, starts_on=dt.date(2023, 5, 1), ends_on=dt.date(2023, 6, 9)), "i")
    made.finish(made.klass(north, LONE), "ij", category="veteran")
    made.certify("b", N1, institution=north, level_id=3)
    made.certify("d", N2, state="revoked", state_on=dt.date(2024, 8, 1))
    made.pay(rows[1], 12_345, paid_on=dt.date(2023, 9, 9))
    return {
        "province": Place(PROVINCE),
        "prefecture": Place(NORTH),
        "own": Place(NORTH, own=True),
        "county": Place(N1),
        "provider": Place(N1, institution=north.pk),
        "provider anywhere": Place(institution=both.pk),
        "class": Place(N1, institution=north.pk, klass=first.pk),
        "no class": Place(N1, institution=north.pk, klass=0),
    }


ASKED: list[tuple[str, By]] = [
    ("province", ""),
    ("province", "child"),
    ("prefecture", "child"),
    ("prefecture", "month"),
    ("prefecture", "year"),
    ("own", ""),
    ("own", "provider"),
    ("county", "provider"),
    ("county", "class"),
    ("provider", ""),
    ("provider", "class"),
    ("provider", "year"),
    ("provider anywhere", "month"),
    ("provider anywhere", ""),
    ("class", ""),
    ("no class", ""),
]


@pytest.mark.parametrize("period", [PLAN, Period.of_year(2024), SPAN], ids=lambda period: period.key)
def test_counts_asked_together_are_what_they_are_alone(places: dict[str, Place], period: Period) -> None:
    for where, by in ASKED:
        together = sums.sums(places[where], period, COUNTS, by)
        assert together or period != PLAN, (where, by)
        for name, count in COUNTS.items():
            alone = sums.sums(places[where], period, {name: count}, by)
            for key, figures in together.items():
                there = alone.get(key, {name: None})[name]
                assert (figures[name] or 0) == (there or 0), (where, by, key, name)


@pytest.mark.parametrize("period", [PLAN, Period.of_year(2024), SPAN], ids=lambda period: period.key)
def test_folding_changes_no_answer(places: dict[str, Place], period: Period) -> None:
    def answers() -> dict[tuple[str, By], dict[str, Figures]]:
        return {(where, by): _sorted(sums.sums(places[where], period, COUNTS, by)) for where, by in ASKED}

    before = answers()
    assert services.fold() > 0
    assert answers() == before


def _sorted(found: dict[str, Figures]) -> dict[str, Figures]:
    """Lines that cancel out leave a key without figures while they are open."""
    return {key: found[key] for key in sorted(found) if any(found[key].values())}


def test_all_questions_are_one_statement(places: dict[str, Place], django_assert_num_queries: Any) -> None:
    asked = {
        f"{where} {by}": Question(places[where], period, COUNTS, by)
        for where, by in ASKED
        for period in (PLAN, SPAN)
    }
    with django_assert_num_queries(1):
        found = sums.answers(asked)
    for name, question in asked.items():
        assert found[name] == sums.sums(question.place, question.period, COUNTS, question.by), name


def test_a_place_without_lines_has_zeros(places: dict[str, Place]) -> None:
    assert sums.sums(Place("620000"), PLAN, COUNTS) == {}
    nothing = sums.one(Place("620000"), PLAN, COUNTS)
    assert nothing["all"] == 0 and nothing["people"] == 0 and nothing["people, startup"] is None
