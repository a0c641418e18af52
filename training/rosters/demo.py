"""Classes of the demo that are about to begin, and the rosters that came in for them this morning."""

from __future__ import annotations

import datetime as dt
import io
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import xlsxwriter

from registry.institutions.models import Institution
from registry.occupations import queries as occupations
from registry.occupations.models import SkillLevel
from registry.people.demo import Cast, Invented
from training.catalogue.codes import Funding, TrainingType
from training.classes.models import Session, TrainingClass

STARTS = dt.date(2026, 12, 7)
SAVED = dt.datetime(2026, 11, 20, 9)  # the same bytes every time
STRANGERS = 500_000  # numbers of the cast that no ledger has reached


class Opening(NamedTuple):
    """A class to open; ``faults`` says whether its roster is spoiled."""

    school: str
    number: str
    trade: str
    seats: int
    capacity: int
    faults: bool


OPENINGS = (
    Opening("喀什石榴职业技能培训学校", "2026-冬-01", "中式烹调师", 36, 40, True),
    Opening("和田玉河职业技能培训学校", "2026-冬-02", "美发师", 30, 30, False),
    Opening("乌鲁木齐雪岭职业技能培训学校", "2026-冬-03", "养老护理员", 46, 40, True),
    Opening("塔城巴克图职业技能培训学校", "2026-冬-04", "电工", 28, 50, True),
)


class RosterFile(NamedTuple):
    name: str
    data: bytes
    kind: str
    options: dict[str, str]


def open_classes() -> list[TrainingClass]:
    """The openings as classes with a timetable of their first week; twice opens nothing twice."""
    return [_open(opening) for opening in OPENINGS]


def _open(opening: Opening) -> TrainingClass:
    school = Institution.objects.get(name=opening.school)
    klass, new = TrainingClass.objects.get_or_create(
        institution=school,
        number=opening.number,
        defaults={
            "name": f"{opening.trade}五级培训班",
            "occupation_text": opening.trade,
            "capacity": opening.capacity,
            "occupation_id": occupations.resolve([opening.trade])[opening.trade],
            "level": SkillLevel.objects.get(code="5"),
            "region_id": school.region_id,
            "starts_on": STARTS,
            "ends_on": STARTS + dt.timedelta(days=18),
            "hours": 96,
            "place": f"{school.name}一号教室",
            "training_type": TrainingType.EMPLOYMENT,
            "funding": Funding.SUBSIDISED,
        },
    )
    if new:
        Session.objects.bulk_create(
            Session(
                klass=klass,
                on=STARTS + dt.timedelta(days=day),
                starts=dt.time(10),
                ends=dt.time(13, 30),
                place=klass.place,
            )
            for day in range(5)
        )
    return klass


def files(classes: Sequence[TrainingClass], seed: int) -> Iterator[RosterFile]:
    """One roster for each class, each in another layout."""
    for place, (opening, klass) in enumerate(zip(OPENINGS, classes, strict=True)):
        chance = random.Random(seed + place)
        cast = Cast(seed + int(klass.region_id), [str(klass.region_id)])
        people = [cast.person(STRANGERS + i) for i in range(opening.seats)]
        rows = _plain(people) if place % 2 == 0 else _provincial(people)
        if opening.faults:
            _spoil(rows, chance)
        title: list[Sequence[object]] = [
            [f"{opening.school}{opening.trade}开班花名册"],
            ["单位(盖章):", None, None, f"班级编号:{opening.number}"],
        ]
        data = _workbook([*title, *rows, [], ["填表人:王芳", None, "联系电话:0998-2823456"]])
        options = {"class": f"{opening.school}/{opening.number}"}
        yield RosterFile(f"{opening.number}{opening.trade}花名册.xlsx", data, "roster", options)


def _plain(people: Sequence[Invented]) -> list[list[object]]:
    """The school's own list."""
    head: list[object] = ["序号", "姓名", "性别", "文化程度", "身份证号码", "联系电话", "人员类别", "民族"]
    return [head] + [
        [
            i,
            p.name,
            "男" if p.sex == "M" else "女",
            p.education,
            p.id_number,
            p.phone,
            "农村转移就业劳动者",
            "略",
        ]
        for i, p in enumerate(people, 1)
    ]


def _provincial(people: Sequence[Invented]) -> list[list[object]]:
    """The columns of the provincial import, bank account and all."""
    head: list[object] = [
        "公民身份号码",
        "姓名",
        "民族",
        "就业失业登记证号码",
        "人员类别",
        "户口性质",
        "户口所在地区划",
        "家庭住址",
        "联系电话",
        "开户银行",
        "银行户名",
        "银行账号",
    ]
    return [head] + [
        [
            p.id_number,
            p.name,
            "略",
            None,
            "城镇登记失业人员",
            "农业",
            p.region_code,
            None,
            p.phone,
            "示例银行",
            p.name,
            p.bank_account,
        ]
        for p in people
    ]


def _spoil(rows: list[list[object]], chance: random.Random) -> None:
    """What is wrong on an ordinary morning: a cut number, a slip of the pen, someone twice, a landline."""
    head = rows[0]
    number = next(i for i, text in enumerate(head) if str(text).startswith(("身份证", "公民身份")))
    phone = head.index("联系电话")
    cut, wrong, missing, landline = chance.sample(range(1, len(rows)), 4)
    rows[cut][number] = float(int(str(rows[cut][number])[:15] + "000"))
    last = str(rows[wrong][number])
    rows[wrong][number] = last[:17] + "0123456789X"[("0123456789X".index(last[17]) + 5) % 11]
    rows[missing][number] = None
    rows[landline][phone] = "0991-2345678"
    rows.append(list(rows[1 if 1 not in (cut, wrong, missing) else 5]))


def _workbook(rows: Sequence[Sequence[object]]) -> bytes:
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": SAVED})
        sheet = book.add_worksheet("花名册")
        for row_number, row in enumerate(rows):
            sheet.write_row(row_number, 0, row)
    return out.getvalue()
