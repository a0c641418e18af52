"""Whoever was trained twice counts once: marks on rows that can be added up, whatever happens to the rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.institutions.models import Institution
from registry.people import merging
from registry.people.models import Person
from registry.regions.models import Region
from registry.regions.services import rebuild_closure
from training.classes.models import TrainingClass
from training.enrolments import services
from training.enrolments.models import Enrolment

PROVINCE, NORTH, SOUTH, LONE = "650000", "654200", "653200", "659001"
COUNTIES = {"654202": NORTH, "654221": NORTH, "653201": SOUTH, LONE: LONE}
PLACES = tuple(COUNTIES)
# About the ends of a year and of a five-year plan.
DAYS = tuple(
    dt.date.fromisoformat(day)
    for day in ("2020-12-31", "2021-01-01", "2024-06-15", "2025-12-31", "2026-01-01")
)
FUNDING = ("subsidised", "employer")
PEOPLE, SCHOOLS = 4, 3


@dataclass(frozen=True)
class Row:
    """A training to be written: who, where, with whom, until when (None: not finished), who paid."""

    person: int
    place: str
    school: int
    ends: dt.date | None
    funding: str


rows = st.builds(
    Row,
    st.integers(0, PEOPLE - 1),
    st.sampled_from(PLACES),
    st.integers(0, SCHOOLS - 1),
    st.one_of(st.none(), st.sampled_from(DAYS), st.sampled_from(DAYS), st.sampled_from(DAYS)),
    st.sampled_from(FUNDING),
)
row = st.integers(0, 30)
changes = st.one_of(
    st.tuples(st.just("withdraw"), row),
    st.tuples(st.just("delete"), row),
    st.tuples(st.just("finish"), row, st.sampled_from(DAYS)),
    st.tuples(st.just("move"), row, st.sampled_from(PLACES)),
    st.tuples(st.just("fund"), row, st.sampled_from(FUNDING)),
    st.tuples(st.just("merge"), st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("unmerge"), row),
)


@dataclass
class Register:
    people: list[Person]
    schools: list[Institution]
    classes: int = 0
    merges: list[int] = field(default_factory=list)

    def enrol(self, batch: list[Row]) -> int:
        """One set through the service, each row in a class of its own."""
        known = set(Enrolment.objects.values_list("person_id", flat=True))
        lines: list[tuple[Any, ...]] = []
        for n, each in enumerate(batch):
            person, klass = self._holder(self.people[each.person]), self._class(each)
            fresh = person not in known
            known.add(person)
            state = "enrolled" if each.ends is None else "finished"
            lines.append(
                (person, klass.pk, klass.institution_id, state, each.ends, each.place, each.funding, n, fresh)
            )
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS t_enrol")
            cursor.execute(
                "CREATE TEMP TABLE t_enrol (id bigint, person_id uuid, klass_id bigint, institution_id bigint,"
                " state text, category text, hours numeric, score numeric, result text, started_on date,"
                " finished_on date,"
                " region_code varchar, funding text, training_type text, batch_id uuid, row_no int, fresh bool)"
            )
            cursor.executemany(
                f"INSERT INTO t_enrol VALUES ({services.NEXT_ID}, %s, %s, %s, %s, '', NULL, NULL, '', '2020-01-01',"
                " %s, %s, %s, 'employment', NULL, %s, %s)",
                lines,
            )
            return services.enrol(cursor)

    def change(self, what: str, *arguments: Any) -> None:
        getattr(self, f"_{what}")(*arguments)

    def _holder(self, person: Person) -> Any:
        return Person.objects.values_list("merged_into_id", flat=True).get(pk=person.pk) or person.pk

    def _class(self, each: Row) -> TrainingClass:
        self.classes += 1
        return TrainingClass.objects.create(
            institution=self.schools[each.school],
            number=str(self.classes),
            region_id=each.place,
            starts_on=dt.date(2020, 1, 1),
            ends_on=each.ends or dt.date(2030, 1, 1),
        )

    def _nth(self, n: int) -> Enrolment | None:
        found = list(Enrolment.objects.order_by("pk"))
        return found[n % len(found)] if found else None

    def _update(self, n: int, **values: Any) -> None:
        if (found := self._nth(n)) is not None:
            Enrolment.objects.filter(pk=found.pk).update(**values)

    def _withdraw(self, n: int) -> None:
        self._update(n, state="withdrawn", finished_on=None)

    def _finish(self, n: int, day: dt.date) -> None:
        self._update(n, state="finished", finished_on=day)

    def _move(self, n: int, place: str) -> None:
        self._update(n, region_code=place)

    def _fund(self, n: int, funding: str) -> None:
        self._update(n, funding=funding)

    def _delete(self, n: int) -> None:
        if (found := self._nth(n)) is not None:
            Enrolment.objects.filter(pk=found.pk).delete()

    def _merge(self, one: int, other: int) -> None:
        a, b = self.people[one].pk, self.people[other].pk
        with suppress(merging.CannotMerge):
            self.merges.append(merging.merge(survivor_id=a, absorbed_id=b, reason="试", actor=None).pk)

    def _unmerge(self, n: int) -> None:
        if self.merges:
            with suppress(merging.CannotUndo):
                merging.undo(merge_id=self.merges[n % len(self.merges)], reason="试", actor=None)


@pytest.fixture
def register(db: None) -> Register:
    Region.objects.create(code=PROVINCE, name="区", full_name="区", level=1)
    for code in (NORTH, SOUTH):
        Region.objects.create(code=code, name=code, full_name=code, level=2, parent_id=PROVINCE)
    for code, parent in COUNTIES.items():
        above = PROVINCE if parent == code else parent
        Region.objects.create(code=code, name=code, full_name=code, level=3, parent_id=above)
    rebuild_closure()
    people = [Person.objects.create(name=f"人{n}", name_key=f"人{n}") for n in range(PEOPLE)]
    schools = [Institution.objects.create(name=f"校{n}", region_id=LONE) for n in range(SCHOOLS)]
    return Register(people, schools)


NODES: tuple[Callable[[Enrolment], Any], ...] = (
    lambda e: e.klass.institution_id,
    lambda e: e.region_code,
    lambda e: COUNTIES[e.region_code],
    lambda e: PROVINCE,
)
PERIODS: tuple[Callable[[dt.date], int], ...] = (lambda day: day.year, lambda day: (day.year - 1) // 5)


def counted(found: list[Enrolment]) -> Iterator[tuple[Any, int, int]]:
    """(node and period, people added up from marks, people as they are) of every cell."""
    for base, chosen in ((0, found), (8, [e for e in found if e.funding == "subsidised"])):
        for offset in range(8):
            node, period = NODES[offset // 2], PERIODS[offset % 2]
            marks: dict[Any, int] = defaultdict(int)
            people: dict[Any, set[Any]] = defaultdict(set)
            for each in chosen:
                assert each.finished_on is not None
                cell = (base, offset, node(each), period(each.finished_on))
                marks[cell] += each.firsts >> (base + offset) & 1
                people[cell].add(each.person_id)
            yield from ((cell, marks[cell], len(who)) for cell, who in people.items())


def check() -> None:
    every = list(Enrolment.objects.select_related("klass"))
    for each in every:
        if each.finished_on is None:
            assert each.firsts == 0
        if each.funding != "subsidised":
            assert each.firsts >> 8 == 0
    for cell, added, people in counted([e for e in every if e.finished_on is not None]):
        assert added == people, cell


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    batches=st.lists(st.lists(rows, max_size=6), min_size=1, max_size=3),
    later=st.lists(changes, max_size=6),
    last=st.lists(rows, max_size=3),
)
def test_people_add_up_whatever_happens_to_the_rows(
    register: Register, batches: list[list[Row]], later: list[Any], last: list[Row]
) -> None:
    with transaction.atomic():
        fresh = Register(register.people, register.schools)
        for batch in batches:
            assert fresh.enrol(batch) == len(batch)
            check()
        for what, *arguments in later:
            fresh.change(what, *arguments)
            check()
        fresh.enrol(last)
        check()
        transaction.set_rollback(True)


def test_the_first_of_two_rows_stands_for_the_person(register: Register) -> None:
    day = DAYS[2]
    register.enrol([Row(0, LONE, 0, day, "subsidised"), Row(0, LONE, 1, day, "employer")])
    first, second = Enrolment.objects.order_by("pk")
    assert first.firsts == 65535
    assert second.firsts == 0b11, "new only to its institution"


def test_a_subsidised_row_after_one_that_was_not_is_first_of_its_kind(register: Register) -> None:
    day = DAYS[2]
    register.enrol([Row(0, LONE, 0, day, "employer")])
    register.enrol([Row(0, LONE, 0, day, "subsidised")])
    assert list(Enrolment.objects.order_by("pk").values_list("firsts", flat=True)) == [255, 65280]


def test_nobody_is_enrolled_in_a_class_twice(register: Register) -> None:
    register.enrol([Row(0, LONE, 0, None, "subsidised")])
    row = Enrolment.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrolment.objects.create(
            person_id=row.person_id,
            klass_id=row.klass_id,
            started_on=row.started_on,
            region_code=LONE,
            funding="subsidised",
            training_type="employment",
        )


def test_only_finished_rows_can_be_counted(register: Register) -> None:
    register.enrol([Row(0, LONE, 0, DAYS[0], "subsidised")])
    with pytest.raises(IntegrityError), transaction.atomic():
        Enrolment.objects.update(state="failed")
