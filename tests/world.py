"""The registry as the contract's sheets find it: two schools, six classes, a few people already on record."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass

from django.core.management import call_command

from registry.accounts.models import Role, User
from registry.institutions.models import Filing, FilingPurpose, Institution, InstitutionAlias
from registry.intake import services as intake
from registry.occupations import queries as occupations
from registry.occupations.models import SkillLevel
from tests.registry.places import make_user
from tests.sheets import cast, ledger_cases
from tests.sheets.cells import Sheet
from tests.sheets.roster_cases import HEAD, line
from tests.sheets.xlsx import xlsx
from training.catalogue.models import AgeLimit, Threshold
from training.classes.models import Session, TrainingClass

DAY = dt.date(2026, 3, 2)
ALWAYS = dt.date(2016, 1, 1)


@dataclass(frozen=True)
class World:
    clerk: User
    school: Institution
    classes: dict[str, TrainingClass]


def build() -> World:
    """Load the reference data and everything that a sheet of tests/data can run into."""
    call_command("reference", "load", stdout=io.StringIO())
    AgeLimit.objects.all().delete()
    AgeLimit.objects.create(sex="", valid_from=ALWAYS, minimum=16, maximum=60)
    Threshold.objects.filter(code="phone_shared_people").delete()
    Threshold.objects.create(code="phone_shared_people", valid_from=ALWAYS, value=3)
    school = _school(ledger_cases.SCHOOL, "653101", ("焊工", "中式烹调师"))
    other = _school(ledger_cases.OTHER_SCHOOL, "653201", ("焊工",))
    InstitutionAlias.objects.create(name="红柳学校", institution=school)
    clerk = make_user("contract-clerk", Role.RG, region_id="650000")
    classes = _classes(school, other)
    world = World(clerk, school, classes)
    _people(world, classes)
    return world


def _school(name: str, region: str, trades: tuple[str, ...]) -> Institution:
    school = Institution.objects.create(name=name, region_id=region)
    known = occupations.resolve(trades)
    for trade in trades:
        Filing.objects.create(
            institution=school, purpose=FilingPurpose.TRAIN, occupation_id=known[trade], valid_from=ALWAYS
        )
    return school


def _classes(school: Institution, other: Institution) -> dict[str, TrainingClass]:
    """01 takes anybody, 02 has one seat left, 03 is over, 04 teaches what the school is not filed for.

    05 and 06 meet at the same hour in two places.
    """
    known = occupations.resolve(["焊工", "美容师"])
    states = TrainingClass.State

    def klass(number: str, at: Institution = school, *, trade: str = "焊工", **more: object) -> TrainingClass:
        return TrainingClass.objects.create(
            institution=at,
            number=number,
            occupation_text=trade,
            occupation_id=known[trade],
            level=SkillLevel.objects.get(code="5"),
            region_id=at.region_id,
            **{"starts_on": DAY, "ends_on": DAY + dt.timedelta(days=18), "state": states.OPEN, **more},
        )

    made = [
        klass("KS-2026-01"),
        klass("KS-2026-02", capacity=3, starts_on=dt.date(2026, 5, 4), ends_on=dt.date(2026, 5, 20)),
        klass("KS-2026-03", state=states.FINISHED),
        klass("KS-2026-04", trade="美容师"),
        klass("HT-2026-05", other),
        klass("KS-2026-06"),
    ]
    for meeting in made[4:]:
        place = f"{meeting.institution.name}一号教室"
        Session.objects.create(klass=meeting, on=DAY, starts=dt.time(9), ends=dt.time(12), place=place)
    return {klass.number: klass for klass in made}


def _people(world: World, classes: dict[str, TrainingClass]) -> None:
    """Put people on record by the same road as everybody else."""
    renamed = cast.ON_RECORD_AS_OTHER.called(cast.NAME_ON_RECORD)
    load_roster(world, classes["KS-2026-02"], [*cast.SEATED])
    load_roster(world, classes["HT-2026-05"], [cast.BUSY_ELSEWHERE, renamed])
    old = ledger_cases.Entry(
        renamed,
        number="KS-2024-01",
        starts="2024-01-08",
        ends="2024-01-26",
        issued="2024-02-20",
        certificate_number=ledger_cases.number(999_999),
    )
    load_ledger(world, [old])


def load_roster(world: World, klass: TrainingClass, people: list[cast.Person]) -> None:
    _load(world, "roster", xlsx([Sheet("花名册", [HEAD, *map(line, people)])]), {"class": klass.pk})


def load_ledger(world: World, entries: list[ledger_cases.Entry]) -> None:
    _load(world, "ledger", ledger_cases.book(entries), {})


def _load(world: World, kind: str, data: bytes, options: dict[str, object]) -> None:
    file = io.BytesIO(data)
    batch, _new = intake.receive(kind=kind, file=file, name="先前.xlsx", actor=world.clerk, options=options)
    batch = intake.load(batch.pk, valid_rows_only=False)
    assert batch.state == batch.State.COMMITTED, (batch.state, batch.file_error, batch.counts)
