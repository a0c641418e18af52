"""The rows that everybody in the race gets: an invented county ledger of 19 columns, the same for the same size.

Fifty rows a class; providers in every county of Xinjiang; one row in twenty is about somebody who stands further up.
Four people in ten are `on_record`: a full database knows them already, an empty one does not.
"""

from __future__ import annotations

import csv
import datetime as dt
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import xlsxwriter

from registry.lib.text import clean_name
from registry.people.demo import Cast, Invented

SEED = 20_260_701
CLASS_SIZE = 50
AGAIN = 20  # every so many rows somebody comes back
SERIALS = 999_999  # a certificate number ends in six digits, never all of them 0
UNTIDY = 20  # every so many names are written as nobody should
DISTANCE = 400  # rows that lie between two trainings of one person, at least
FIRST_DAY = dt.date(2024, 1, 8)
SPREAD_DAYS = 640
SCHOOLS_PER_COUNTY = ("红柳", "胡杨", "雪莲", "石榴")

HEADINGS = (
    "序号",
    "姓名",
    "身份证号",
    "人员类别",
    "培训机构",
    "班级编号",
    "培训类型",
    "培训工种",
    "等级",
    "培训开始时间",
    "培训结束时间",
    "课时",
    "考核成绩",
    "考核结果",
    "证书名称",
    "证书编号",
    "发证日期",
    "补贴金额",
    "资金来源",
)
ROSTER_HEADINGS = (
    "序号",
    "姓名",
    "身份证号",
    "联系电话",
    "人员类别",
    "文化程度",
    "户籍地区划",
    "开户银行",
    "银行账号",
)
TRADES = (
    "中式烹调师",
    "养老护理员",
    "美容师",
    "焊工",
    "电工",
    "汽车维修工",
    "砌筑工",
    "家政服务员",
    "中式面点师",
    "育婴员",
    "装饰装修工",
    "车工",
)
LEVELS = (
    ("五级", "5", 1200),
    ("五级", "5", 1200),
    ("五级", "5", 1200),
    ("四级", "4", 1500),
    ("三级", "3", 1800),
)
CATEGORIES = (
    "农村转移就业劳动者",
    "农村转移就业劳动者",
    "农村转移就业劳动者",
    "脱贫人口",
    "城镇登记失业人员",
    "毕业年度高校毕业生",
    "两后生",
    "就业困难人员",
    "退役军人",
    "残疾人",
)
TYPES = ("就业技能培训", "就业技能培训", "就业技能培训", "岗位技能提升培训", "项目制培训")
FUNDS = ("就业补助资金", "就业补助资金", "职业技能提升行动专账资金", "失业保险基金")

Line = tuple[object, ...]


class School(NamedTuple):
    name: str
    county: str


def schools(counties: list[tuple[str, str]]) -> list[School]:
    """`counties` are (code, full name), in the order of the codes."""
    return [
        School(f"{name}{word}职业技能培训学校", code)
        for code, name in counties
        for word in SCHOOLS_PER_COUNTY
    ]


def people(counties: list[str]) -> Cast:
    """The cast; it wants a number of counties that its walk is coprime to."""
    for count in range(len(counties), 0, -1):
        try:
            return Cast(SEED, counties[:count])
        except ValueError:
            continue
    raise ValueError("no counties")


def number_of(row: int) -> int:
    """Which person of the cast the row (from 0) is about."""
    if row % AGAIN == AGAIN - 1 and row >= 2 * DISTANCE:
        return row - DISTANCE - row // AGAIN % 7 * CLASS_SIZE - 3
    return row


def on_record(number: int) -> bool:
    """Whether a full database knows this person of the cast."""
    return number * 7 % 10 < 4


def ledger(rows: int, taught_by: list[School], cast: Cast) -> Iterator[Line]:
    chance = random.Random(SEED)
    for row in range(rows):
        number, seat = divmod(row, CLASS_SIZE)
        if seat == 0:
            shared = _class(chance, number, taught_by)
        yield _line(chance, row, cast.person(number_of(row)), shared)


class _Class(NamedTuple):
    school: School
    site: int
    number: str
    type: str
    trade: str
    level: tuple[str, str, int]
    starts: dt.date
    ends: dt.date
    hours: int
    issued: dt.date
    fund: str


def _class(chance: random.Random, number: int, taught_by: list[School]) -> _Class:
    site = number * 37 % len(taught_by)
    starts = FIRST_DAY + dt.timedelta(days=chance.randrange(SPREAD_DAYS))
    ends = starts + dt.timedelta(days=chance.choice((9, 14, 15, 20)))
    return _Class(
        taught_by[site],
        site,
        f"BC{starts:%Y}-{number:05d}",
        chance.choice(TYPES),
        chance.choice(TRADES),
        chance.choice(LEVELS),
        starts,
        ends,
        chance.choice((60, 80, 96, 120)),
        ends + dt.timedelta(days=chance.randrange(10, 30)),
        chance.choice(FUNDS),
    )


def _line(chance: random.Random, row: int, person: Invented, klass: _Class) -> Line:
    score = chance.choice((*range(60, 100), *range(70, 95), 45, 52, 58))
    passed = score >= 60
    word, code, amount = klass.level
    certificate: Line = ("", "", "")
    if passed:
        round_, serial = divmod(row, SERIALS)
        number = f"S0000{65 + round_}{klass.site + 1:06d}{klass.issued:%y}{code}{serial + 1:06d}"
        certificate = ("职业技能等级证书", number, klass.issued.isoformat())
    paid: Line = (amount, klass.fund) if passed and chance.random() < 0.85 else ("", "")
    return (
        row + 1,
        person.name if row % UNTIDY == 0 else clean_name(person.name),
        person.id_number,
        chance.choice(CATEGORIES),
        klass.school.name,
        klass.number,
        klass.type,
        klass.trade,
        word,
        klass.starts,
        klass.ends,
        klass.hours,
        score,
        "合格" if passed else "不合格",
        *certificate,
        *paid,
    )


def roster(rows: int, cast: Cast) -> Iterator[Line]:
    chance = random.Random(SEED)
    for row in range(rows):
        person = cast.person(row)
        yield (
            row + 1,
            person.name,
            person.id_number,
            person.phone,
            chance.choice(CATEGORIES),
            person.education,
            person.region_code,
            "新疆农村信用社",
            person.bank_account,
        )


def write(path: Path, headings: Line, lines: Iterator[Line]) -> None:
    """As xlsx (shared texts, dates as dates, as office programs save them) or, by its ending, as csv."""
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            table = csv.writer(file)
            table.writerow(headings)
            table.writerows(lines)
        return
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("台账")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, line in enumerate((headings, *lines)):
            for column, cell in enumerate(line):
                if isinstance(cell, str):
                    if cell:
                        sheet.write_string(number, column, cell)
                elif isinstance(cell, dt.date):
                    sheet.write_datetime(number, column, dt.datetime(cell.year, cell.month, cell.day), day)
                else:
                    sheet.write_number(number, column, cell)
