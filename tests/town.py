"""A registry of a few rows: one prefecture, three counties, two schools and people by number; quick to build anew.

tests/world.py loads all reference data and stands for real life; this one is for tests that need a clean registry each,
or many of them.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from registry.accounts.models import Role, User
from registry.audit.verify import verify
from registry.institutions.models import Filing, FilingPurpose, Institution
from registry.intake import services
from registry.intake.models import Batch
from registry.lib.scope import Scope
from registry.occupations.models import Occupation, SkillLevel
from registry.regions.models import Region
from registry.regions.services import rebuild_closure
from tests.registry.places import make_user
from tests.sheets import cast, ledger_cases
from tests.sheets.cells import Cell
from tests.sheets.plain import delimited
from training.catalogue.models import AgeLimit, Threshold
from training.classes.models import TrainingClass

ALWAYS = dt.date(2016, 1, 1)
STARTS, ENDS = dt.date(2026, 3, 2), dt.date(2026, 3, 20)
PROVINCE, PREFECTURE, CITY, COUNTY, AWAY = "650000", "653100", "653101", "653122", "653201"
SCHOOL, OTHER_SCHOOL, AWAY_SCHOOL = (
    "喀什红柳职业技能培训学校",
    "疏勒白杨职业技能培训学校",
    "和田玉泉职业技能培训学校",
)
ROSTER_HEAD = ("姓名", "身份证号", "联系电话", "人员类别")
State = Batch.State


@dataclass(frozen=True)
class Town:
    clerk: User
    school: Institution
    other: Institution
    away: Institution
    welding: Occupation
    klass: TrainingClass


def build() -> Town:
    """Regions, levels, two trades, three schools, one open class, one clerk of the province."""
    _places()
    for rank, code, name, high in (
        (2, "5", "初级工", False),
        (3, "4", "中级工", False),
        (4, "3", "高级工", True),
    ):
        SkillLevel.objects.create(
            rank=rank, code=code, name=f"{name}(测)", short_name=name, high_skilled=high
        )
    welding = Occupation.objects.create(edition="2022", code="6-18-02-04", name="焊工")
    cooking = Occupation.objects.create(edition="2022", code="4-03-02-01", name="中式烹调师")
    schools = [
        Institution.objects.create(name=name, region_id=region)
        for name, region in ((SCHOOL, CITY), (OTHER_SCHOOL, COUNTY), (AWAY_SCHOOL, AWAY))
    ]
    for school in schools:
        for trade in (welding, cooking):
            Filing.objects.create(
                institution=school, purpose=FilingPurpose.TRAIN, occupation=trade, valid_from=ALWAYS
            )
    AgeLimit.objects.create(sex="", valid_from=ALWAYS, minimum=16, maximum=60)
    Threshold.objects.create(code="phone_shared_people", valid_from=ALWAYS, value=3)
    clerk = make_user("town-clerk", Role.RG, region_id=PROVINCE)
    klass = make_class(schools[0], "T-01", welding)
    return Town(clerk, *schools, welding=welding, klass=klass)


def _places() -> None:
    parents = {PROVINCE: None, PREFECTURE: PROVINCE, "653200": PROVINCE, CITY: PREFECTURE, COUNTY: PREFECTURE}
    parents[AWAY] = "653200"
    for code, parent in parents.items():
        level = 1 if parent is None else 2 if parent == PROVINCE else 3
        Region.objects.create(
            code=code,
            name=f"地{code}",
            full_name=f"全称{code}",
            level=level,
            parent_id=parent,
            valid_from=ALWAYS,
        )
    rebuild_closure()


def make_class(
    school: Institution, number: str, trade: Occupation | None = None, **more: Any
) -> TrainingClass:
    values = {"starts_on": STARTS, "ends_on": ENDS, "state": TrainingClass.State.OPEN, **more}
    return TrainingClass.objects.create(
        institution=school,
        number=number,
        occupation=trade,
        occupation_text=trade.name if trade else "",
        level=SkillLevel.objects.get(rank=2),
        region_id=school.region_id,
        **values,
    )


def person(n: int, *, born: str = "", phone: str = "") -> cast.Person:
    """The nth of the people: a right number, a Chinese name and a telephone of their own."""
    day = born or f"{1970 + n % 28}{1 + n // 28 % 12:02d}{1 + n // 336 % 28:02d}"
    name = "赵钱孙李周吴郑王"[n % 8] + "".join(
        chr(0x4E00 + 7 * (n // 8**k % 8) + 20 * k) for k in range(1, 4)
    )
    return cast.Person(
        name, cast.identity(CITY, day, 101 + n % 97 + n // 97 % 8 * 100), phone or f"139{n:08d}"
    )


def people(count: int, first: int = 0) -> list[cast.Person]:
    return [person(first + i) for i in range(count)]


def entry(who: cast.Person, serial: int | None = None, **more: Any) -> ledger_cases.Entry:
    """One line of a ledger, with a certificate of its own when a serial is given."""
    certificate = None if serial is None else ledger_cases.number(serial + 1)
    nothing: dict[str, Any] = {} if serial is not None else {"certificate": None, "issued": None}
    return ledger_cases.Entry(who, certificate_number=certificate, **{"school": SCHOOL, **nothing, **more})


def ledger(entries: Sequence[ledger_cases.Entry]) -> bytes:
    return delimited([ledger_cases.HEAD, *(each.cells() for each in entries)])


def roster(who: Sequence[cast.Person], *more: Sequence[Cell], head: Sequence[str] = ROSTER_HEAD) -> bytes:
    """``more``: whole rows beneath the people."""
    rows = [[p.name, p.id_number, p.phone, None] for p in who]
    return delimited([head, *rows, *more])


def hand_in(
    town: Town, kind: str, data: bytes, *, name: str = "表.csv", actor: User | None = None, **options: Any
) -> Batch:
    """Received and nothing else. A roster goes to the town's class unless ``class`` says otherwise."""
    if kind == "roster":
        options.setdefault("class", town.klass.pk)
    chosen = {key: options.pop(key) for key in ("sheet", "mapping") if key in options}
    batch, _new = services.receive(
        kind=kind, file=io.BytesIO(data), name=name, actor=actor or town.clerk, options=options, **chosen
    )
    return batch


def check(town: Town, kind: str, data: bytes, **more: Any) -> Batch:
    return services.check(hand_in(town, kind, data, **more).pk)


def load(town: Town, kind: str, data: bytes, *, valid_rows_only: bool = False, **more: Any) -> Batch:
    return services.load(hand_in(town, kind, data, **more).pk, valid_rows_only=valid_rows_only)


def loaded(town: Town, kind: str, data: bytes, **more: Any) -> Batch:
    """The same where nothing must stand against it."""
    batch = load(town, kind, data, **more)
    assert batch.state == State.COMMITTED, (batch.state, batch.file_error, said(batch))
    return batch


def said(batch: Batch, severity: str = "error") -> list[tuple[int, str]]:
    """(row, code) of the batch's issues."""
    return list(batch.issues.filter(severity=severity).order_by("row", "code").values_list("row", "code"))


def counts(batch: Batch) -> tuple[int, int, int, int]:
    """Rows read, accepted, rejected, unchanged."""
    c = batch.counts
    return c["read"], c["accepted"], c["rejected"], c["unchanged"]


def proved() -> None:
    """Every row is what history says of it."""
    report = verify(Scope.all())
    assert report.manifests, "nothing was ever committed to"
    assert report.ok, (report.differences[:5], report.broken_details, report.log[:5])
