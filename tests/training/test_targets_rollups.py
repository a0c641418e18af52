"""Triggers and folding: whatever happens to rows, the roll-ups say what a recount from the rows says."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import connection, transaction

from certificates.issuance.models import Certificate
from registry.occupations.models import SkillLevel
from tests.training.counted import LONE, N1, N2, NORTH, PROVINCE, S1, SOUTH, Register, differences
from training.claims.models import Payment
from training.classes.models import TrainingClass
from training.enrolments.models import Enrolment
from training.targets import services, sums
from training.targets.counting import Count, Filter, Period, Place
from training.targets.models import ClassMonth, Delta, Indicator, NodeYear
from training.targets.numbers import tracked_people
from training.targets.tables import Measure

pytestmark = pytest.mark.django_db

Y2024 = Period.of_year(2024)
PLAN = Period("plan", dt.date(2021, 1, 1), dt.date(2025, 12, 31))
TIMES, PEOPLE = Count(Measure.FINISHED), Count(Measure.FINISHED, what="heads")


@pytest.fixture
def register() -> Register:
    return Register.make()


def at(region: str, count: Count = TIMES, period: Period = Y2024, *, own: bool = False) -> int | None:
    return sums.one(Place(region, own=own), period, {"x": count})["x"]


def month(year: int, number: int, region: str = PROVINCE, count: Count = TIMES) -> int | None:
    return at(region, count, Period.of_month(year, number))


def test_a_row_counts_at_once_in_its_county_and_everything_above(register: Register) -> None:
    klass = register.klass(register.provider("甲校", N1), N1)
    register.finish(klass, "ab")
    assert [at(code) for code in (N1, NORTH, PROVINCE, N2, SOUTH)] == [2, 2, 2, 0, 0]


def test_folding_changes_no_figure(register: Register) -> None:
    register.finish(register.klass(register.provider("甲校", N1), N1), "abc")
    before = [at(code, count) for code in (N1, NORTH, PROVINCE) for count in (TIMES, PEOPLE)]
    assert Delta.objects.exists()
    assert services.fold() > 0
    assert not Delta.objects.exists()
    assert NodeYear.objects.exists()
    assert [at(code, count) for code in (N1, NORTH, PROVINCE) for count in (TIMES, PEOPLE)] == before
    assert services.fold() == 0


def test_people_are_counted_once_at_every_height(register: Register) -> None:
    north, south = register.provider("北校", N1), register.provider("南校", S1)
    register.finish(register.klass(north, N1), "ab")
    register.finish(register.klass(north, N2), "bc")
    register.finish(register.klass(south, S1), "cd")
    register.finish(
        register.klass(north, N1, starts_on=dt.date(2023, 1, 1), ends_on=dt.date(2023, 1, 9)), "a"
    )
    assert [at(code, PEOPLE) for code in (N1, N2, NORTH, SOUTH, PROVINCE)] == [2, 2, 3, 2, 4]
    assert at(PROVINCE) == 6
    assert at(N1, PEOPLE, PLAN) == 2
    assert at(N1, TIMES, PLAN) == 3
    assert differences() == []


def test_subsidised_people_are_marked_apart_from_all_people(register: Register) -> None:
    school = register.provider("北校", N1)
    register.finish(register.klass(school, N1, funding="market"), "ab")
    register.finish(
        register.klass(school, N1, starts_on=dt.date(2024, 5, 1), ends_on=dt.date(2024, 5, 9)), "b"
    )
    paid = Filter(funding=("subsidised",))
    assert at(N1, PEOPLE) == 2
    assert at(N1, Count(Measure.FINISHED, paid, "heads")) == 1
    assert at(N1, Count(Measure.FINISHED, paid)) == 1


def test_no_people_are_held_for_a_month_or_another_filter(register: Register) -> None:
    register.finish(register.klass(register.provider("北校", N1), N1), "a")
    assert month(2024, 3, count=PEOPLE) is None
    assert at(N1, Count(Measure.FINISHED, Filter(category=("rural",)), "heads")) is None


def test_what_is_counted_in_a_division_itself_is_its_own_level(register: Register) -> None:
    school = register.provider("地区校", NORTH)
    register.finish(register.klass(school, NORTH), "ab")
    register.finish(register.klass(school, N1), "bc")
    services.fold()
    assert (at(NORTH), at(NORTH, own=True), at(N1)) == (4, 2, 2)
    assert (at(NORTH, PEOPLE), at(NORTH, PEOPLE, own=True), at(N1, PEOPLE)) == (3, 2, 2)
    register.finish(register.klass(register.provider("区直", PROVINCE), PROVINCE), "a")
    register.finish(register.klass(register.provider("直辖", LONE), LONE), "a")
    assert (at(PROVINCE), at(PROVINCE, own=True), at(LONE)) == (6, 1, 1)
    assert at(PROVINCE, PEOPLE) == 3
    assert differences() == []


def test_a_changed_day_moves_the_row_to_another_month(register: Register) -> None:
    rows = register.finish(register.klass(register.provider("北校", N1), N1), "ab")
    services.fold()
    Enrolment.objects.filter(pk=rows[0].pk).update(finished_on=dt.date(2024, 6, 2))
    assert (month(2024, 3), month(2024, 6)) == (1, 1)
    Enrolment.objects.filter(pk=rows[1].pk).update(finished_on=None)
    assert (month(2024, 3), month(2024, 6), at(PROVINCE, PEOPLE)) == (0, 1, 1)
    assert differences() == []


def test_a_removed_row_is_taken_off(register: Register) -> None:
    rows = register.finish(register.klass(register.provider("北校", N1), N1), "ab")
    services.fold()
    Enrolment.objects.filter(pk=rows[0].pk).delete()
    assert (at(N1), at(N1, PEOPLE), at(PROVINCE, PEOPLE)) == (1, 1, 1)
    assert differences() == []


def test_a_rolled_back_import_leaves_nothing(register: Register) -> None:
    klass = register.klass(register.provider("北校", N1), N1)
    with pytest.raises(RuntimeError), transaction.atomic():
        register.finish(klass, "ab")
        raise RuntimeError
    assert at(PROVINCE) == 0
    assert not Delta.objects.exists()


def test_an_update_that_moves_no_figure_leaves_no_line(register: Register) -> None:
    register.finish(register.klass(register.provider("北校", N1), N1), "ab")
    services.fold()
    Enrolment.objects.update(score=90)
    assert not Delta.objects.exists()


def test_started_and_finished_are_two_counts(register: Register) -> None:
    klass = register.klass(
        register.provider("北校", N1), N1, starts_on=dt.date(2023, 12, 20), ends_on=dt.date(2024, 1, 5)
    )
    register.finish(klass, "ab")
    register.finish(klass, "c", finished_on=None, state="studying")
    started = Count(Measure.STARTED)
    assert (month(2023, 12, count=started), month(2024, 1, count=started)) == (3, 0)
    assert (month(2023, 12), month(2024, 1)) == (0, 2)
    assert differences() == []


# --- certificates ------------------------------------------------------------------------------------


def test_a_revoked_certificate_is_taken_off_in_the_month_it_was_revoked(register: Register) -> None:
    count = Count(Measure.CERTIFIED)
    one = register.certify("a", N1)
    register.certify("b", N1)
    services.fold()
    Certificate.objects.filter(pk=one.pk).update(state="revoked", state_on=dt.date(2024, 9, 3))
    assert (month(2024, 4, count=count), month(2024, 9, count=count), at(PROVINCE, count)) == (2, -1, 1)
    assert differences() == []


def test_a_replacement_is_not_counted_again_and_its_chain_is_taken_off_once(register: Register) -> None:
    count, high = Count(Measure.CERTIFIED), Count(Measure.HIGH_NEW)
    SkillLevel.objects.create(rank=4, code="3", name="三级/高级工", short_name="高级工", high_skilled=True)
    given = {"basis": "issued", "level_id": 4}
    old = register.certify("a", N1, first_high=True, **given)
    new = register.certify("a", N1, issued_on=dt.date(2024, 6, 3), replaces=old, **given)
    Certificate.objects.filter(pk=old.pk).update(
        state="superseded", state_on=dt.date(2024, 6, 3), superseded_by=new
    )
    assert (month(2024, 4, count=count), month(2024, 6, count=count), at(PROVINCE, high)) == (1, 0, 1)
    assert differences() == []
    Certificate.objects.filter(pk__in=[old.pk, new.pk]).update(state="revoked", state_on=dt.date(2024, 9, 3))
    months = [month(2024, each, count=count) for each in (4, 6, 9)]
    assert (months, at(PROVINCE, count), at(PROVINCE, high)) == ([1, 0, -1], 0, 0)
    # Who was newly highly skilled stays so in the month that was reported.
    assert [month(2024, each, count=high) for each in (4, 6, 9)] == [1, 0, -1]
    assert differences() == []


def test_certificates_count_by_family_and_level(register: Register) -> None:
    register.certify("a", N1, family="qualification", level_id=None)
    register.certify("b", N1, family="completion")
    register.certify("c", N1, first_high=True)
    wanted = Filter(family=("skill_level", "qualification"))
    assert at(NORTH, Count(Measure.CERTIFIED, wanted)) == 2
    assert at(NORTH, Count(Measure.HIGH_NEW)) == 1
    Certificate.objects.update(first_high=False)
    assert at(NORTH, Count(Measure.HIGH_NEW)) == 0
    assert differences() == []


# --- payments ----------------------------------------------------------------------------------------

PAID, MONEY = Count(Measure.PAID), Count(Measure.PAID, what="amount_fen")


def test_a_row_paid_twice_is_one_paid_training(register: Register) -> None:
    row, other = register.finish(register.klass(register.provider("北校", N1), N1), "ab")
    first = register.pay(row, 50_000, paid_on=dt.date(2024, 5, 1))
    register.pay(row, 30_000, paid_on=dt.date(2024, 7, 1), basis="paid")
    register.pay(other, 10_000)
    assert (at(N1, PAID), at(N1, MONEY)) == (2, 90_000)
    assert (month(2024, 5, count=PAID), month(2024, 7, count=PAID), month(2024, 7, count=MONEY)) == (
        1,
        0,
        30_000,
    )
    # undated: the month in which the training ended
    assert (month(2024, 3, count=PAID), month(2024, 3, count=MONEY)) == (1, 10_000)
    first.delete()
    assert (month(2024, 5, count=PAID), month(2024, 7, count=PAID), at(N1, MONEY)) == (0, 1, 40_000)
    assert differences() == []


def test_a_payment_moves_with_its_row(register: Register) -> None:
    school = register.provider("北校", N1)
    here, there = register.klass(school, N1), register.klass(school, N1)
    (row,) = register.finish(here, "a")
    register.pay(row)
    services.fold()
    Enrolment.objects.filter(pk=row.pk).update(klass=there, finished_on=dt.date(2024, 8, 8))
    by_class = sums.sums(Place(N1), PLAN, {"x": PAID}, by="class")
    assert {key: held["x"] for key, held in by_class.items() if held["x"]} == {str(there.pk): 1}
    assert (month(2024, 3, count=PAID), month(2024, 8, count=PAID)) == (0, 1)
    assert differences() == []


def test_a_corrected_payment_is_corrected(register: Register) -> None:
    (row,) = register.finish(register.klass(register.provider("北校", N1), N1), "a")
    payment = register.pay(row)
    Payment.objects.filter(pk=payment.pk).update(
        amount_fen=70_000, paid_on=dt.date(2025, 1, 4), region_code=N2
    )
    assert (at(N1, MONEY), at(N2, MONEY, Period.of_year(2025))) == (0, 70_000)
    # Money in a county without any training is counted rightly, and reported as what it is.
    assert differences() == [("subsidised >= paid", (f"{N2}/2025", 0, 1))]


# --- people by name ----------------------------------------------------------------------------------


def test_people_are_recorded_by_name_for_an_indicator_with_a_filter_of_its_own(register: Register) -> None:
    veterans = Indicator.objects.get(code="LS12")
    assert veterans.tracks_people
    school = register.provider("乐山校", "511102")
    first, second = register.klass(school, "511102"), register.klass(school, "511102")
    register.finish(first, "ab", category="veteran")
    rows = register.finish(second, "bc", category="veteran")
    register.finish(second, "d", category="rural")
    register.finish(register.klass(register.provider("北校", N1), N1), "e", category="veteran")
    assert tracked_people(veterans, Place("511100")) == 3
    services.fold()
    assert tracked_people(veterans, Place("511100")) == 3
    Enrolment.objects.filter(pk=rows[1].pk).delete()
    assert tracked_people(veterans, Place("511100")) == 2
    assert differences() == []


def test_a_changed_indicator_is_recorded_anew(register: Register) -> None:
    school = register.provider("乐山校", "511102")
    register.finish(register.klass(school, "511102"), "ab", category="veteran")
    Indicator.objects.filter(code="LS12").update(filter={"category": ["rural"]})
    load = services.load_plans()
    assert load["indicators"].changed == 1
    assert tracked_people(Indicator.objects.get(code="LS12"), Place("511100")) == 2


# --- the whole ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sixty_random_changes_leave_no_difference(register: Register, seed: int) -> None:
    draw = random.Random(seed)
    schools = [register.provider(f"校{number}", code) for number, code in enumerate((N1, S1, NORTH))]
    days = [dt.date(year, number, 15) for year in (2020, 2021, 2024, 2025) for number in (1, 6, 12)]
    klasses = [
        register.klass(
            draw.choice(schools),
            draw.choice((N1, N2, S1, NORTH, PROVINCE, LONE)),
            starts_on=day,
            ends_on=day + dt.timedelta(days=draw.randrange(60)),
            funding=draw.choice(("subsidised", "market")),
        )
        for day in days
    ]
    for step in range(60):
        _random_step(register, draw, klasses)
        if step % 7 == 0:
            services.fold()
        if step % 20 == 19:
            found = [one for one in differences() if one[0] != "subsidised >= paid"]
            assert found == [], f"after step {step}"
    before = dict(_all_lines())
    services.rebuild()
    assert dict(_all_lines()) == before


def _all_lines() -> list[tuple[tuple[object, ...], int]]:
    services.fold()
    keys = ("region_code", "measure", "klass_id", "institution_id", "month", "dims_id")
    return [(row[:-1], row[-1]) for row in ClassMonth.objects.exclude(n=0).values_list(*keys, "n")]


def _random_step(register: Register, draw: random.Random, klasses: list[object]) -> None:
    rows = list(Enrolment.objects.all())
    what = draw.choice(["enrol", "enrol", "move", "drop", "pay", "unpay", "certify", "revoke"])
    if what == "enrol" or not rows:
        klass = draw.choice(klasses)
        taken = {row.person.name for row in rows if row.klass_id == klass.pk}  # type: ignore[attr-defined]
        letters = [letter for letter in draw.sample("abcdefghijkl", 4) if letter not in taken]
        register.finish(klass, letters, category=draw.choice(("veteran", "rural")))  # type: ignore[arg-type]
    elif what == "move":
        chosen = Enrolment.objects.filter(pk__in=[row.pk for row in draw.sample(rows, min(3, len(rows)))])
        day = draw.choice((None, dt.date(2022, 2, 2), dt.date(2025, 7, 7)))
        change = draw.choice(({"finished_on": day}, {"region_code": N2}, {"category": "gig"}))
        chosen.update(**change)
    elif what == "drop":
        free = [row for row in rows if not row.payments.exists()]
        Enrolment.objects.filter(pk__in=[row.pk for row in free[:2]]).delete()
    elif what == "pay":
        row = draw.choice(rows)
        reported = row.payments.filter(basis="reported").exists()
        register.pay(
            row,
            draw.randrange(1, 9) * 100,
            basis="paid" if reported else "reported",
            paid_on=draw.choice((None, dt.date(2025, 3, 3))),
        )
    elif what == "unpay":
        Payment.objects.filter(pk__in=Payment.objects.order_by("?")[:1]).delete()
    elif what == "certify":
        register.certify(draw.choice("abcdefgh"), draw.choice((N1, S1)), first_high=draw.random() < 0.5)
    else:
        Certificate.objects.filter(pk__in=Certificate.objects.order_by("?")[:1]).update(
            state="revoked", state_on=dt.date(2025, 5, 5)
        )


def test_a_class_handed_over_or_removed_takes_its_lines_along(register: Register) -> None:
    north, south = (register.provider(name, N1) for name in ("北校", "南校"))
    handed, removed = register.klass(north, N1), register.klass(north, N1)
    register.finish(handed, "ab")
    register.finish(removed, "cde")
    services.fold()
    # One row stays open meanwhile: it counts under whom its class belongs to.
    register.finish(handed, "f")
    TrainingClass.objects.filter(pk=handed.pk).update(institution=south)
    Enrolment.objects.filter(klass=removed).delete()
    removed.delete()

    def of_providers() -> dict[str, int]:
        found = sums.sums(Place(N1), Y2024, {"n": TIMES}, by="provider")
        return {key: figures["n"] or 0 for key, figures in found.items() if figures["n"]}

    for _turn in range(2):
        assert of_providers() == {str(south.pk): 3}
        assert sums.one(Place(N1, institution=south.pk), Y2024, {"n": TIMES}) == {"n": 3}
        assert [name for name, _found in differences() if "provider" in name] == []
        services.fold()


def test_an_emptied_table_has_empty_rollups(register: Register) -> None:
    register.finish(register.klass(register.provider("北校", N1), N1), "ab")
    register.certify("a", N1)
    services.fold()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE enrolments_enrolment CASCADE")
    assert at(PROVINCE) == 0
    assert at(PROVINCE, Count(Measure.CERTIFIED)) == 1
    assert differences() == []


def test_verify_finds_a_planted_difference(register: Register) -> None:
    register.finish(register.klass(register.provider("北校", N1), N1), "ab")
    services.fold()
    NodeYear.objects.filter(node=N1, measure=Measure.FINISHED).update(n=3, heads_year=5)
    names = {name for name, _found in differences()}
    assert "targets_node_year: n" in names
    assert "people: county x year" in names
    services.rebuild()
    assert differences() == []
