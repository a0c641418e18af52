"""Invented old trainings for the demo: who learned what, where, when, with which certificate and which subsidy.

Deterministic from a seed, with the damage that real ledgers carry. How offices lay them out is ``demo_files``.
"""

# ruff: noqa: E501 - word lists, whose characters count double
from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from registry.institutions.demo import PROVIDERS, Provider
from registry.institutions.models import InstitutionKind
from registry.people.demo import Cast, Invented

FIRST_MONTH, MONTHS = (2021, 1), 66  # to June 2026
CLASS_SIZE = 30
FAULTY = 0.05  # of rows
AGAIN = 0.15  # of seats, taken by someone who was trained before
LEVELS = {"五级": ("5", 1200, "初级工"), "四级": ("4", 1500, "中级工"), "三级": ("3", 1800, "高级工")}
# fmt: off
CATEGORIES = (
    "农村转移就业劳动者", "脱贫人口", "城镇登记失业人员", "毕业年度高校毕业生", "两后生", "就业困难人员", "退役军人", "残疾人",
)
FUNDS = ("就业补助资金", "就业补助资金", "职业技能提升行动专账资金", "失业保险基金")
PLACES = {
    "6501": "乌鲁木齐市", "6502": "克拉玛依市", "6504": "吐鲁番市", "6505": "哈密市", "6523": "昌吉州", "6527": "博州", "6528": "巴州",
    "6529": "阿克苏地区", "6530": "克州", "6531": "喀什地区", "6532": "和田地区", "6540": "伊犁州", "6542": "塔城地区", "6543": "阿勒泰地区",
    "6590": "石河子市",
}
Values = dict[str, object]

HEADINGS = (
    "姓名", "身份证号", "培训机构", "班级编号", "培训工种", "等级", "培训开始时间", "培训结束时间", "课时", "考核成绩", "考核结果",
    "证书名称", "证书编号", "发证日期", "补贴金额", "资金来源", "人员类别", "培训类型",
)
# fmt: on


@dataclass(frozen=True)
class Office:
    """One county office's ledger: the providers it reports on and who paid."""

    title: str
    providers: tuple[tuple[int, Provider], ...]
    funding: str = "subsidised"


@dataclass
class Year:
    """State of the invention: who sat where so far, and the last serial of each certificate series."""

    seed: int
    chance: random.Random
    casts: dict[str, Cast] = field(default_factory=dict)
    seated: Counter[str] = field(default_factory=Counter)
    serials: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    classes: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))

    def someone(self, county: str) -> Invented:
        """A newcomer, or at times somebody who has been here before."""
        cast = self.casts.setdefault(county, Cast(self.seed + int(county), [county]))
        if self.seated[county] and self.chance.random() < AGAIN:
            return cast.person(self.chance.randrange(self.seated[county]))
        self.seated[county] += 1
        return cast.person(self.seated[county] - 1)


def offices() -> list[Office]:
    """One for each prefecture and 兵团 city, and one company that pays for its own people."""
    by_prefecture: defaultdict[str, list[tuple[int, Provider]]] = defaultdict(list)
    companies = []
    for number, provider in enumerate(PROVIDERS, 1):
        if provider.kind == InstitutionKind.ENTERPRISE:
            companies.append(Office(f"{provider.name}职工培训台账", ((number, provider),), "employer"))
        elif provider.kind != InstitutionKind.ASSESSOR:
            by_prefecture[provider.region[:4]].append((number, provider))
    return [
        *(
            Office(f"{PLACES[code]}职业技能培训实名制台账", tuple(found))
            for code, found in by_prefecture.items()
        ),
        *companies,
    ]


def ledgers(rows: int, seed: int) -> Iterator[tuple[Office, list[Values]]]:
    """Each office with its lines, about ``rows`` in all, over every month from January 2021 to June 2026."""
    state = Year(seed, random.Random(seed))
    places = offices()
    turn = 0
    for place, office in enumerate(places):
        share = rows * (place + 1) // len(places) - rows * place // len(places)
        lines: list[Values] = []
        while len(lines) < share:
            number, provider = office.providers[turn % len(office.providers)]
            lines += _class(
                state, number, provider, turn, min(CLASS_SIZE, share - len(lines)), office.funding
            )
            turn += 1
        yield office, _damaged(lines, state.chance)


def _class(
    state: Year, number: int, provider: Provider, turn: int, seats: int, funding: str
) -> Iterator[Values]:
    chance = state.chance
    year, month = divmod(FIRST_MONTH[0] * 12 + FIRST_MONTH[1] - 1 + turn * 7 % MONTHS, 12)
    starts = dt.date(year, month + 1, chance.randrange(1, 12))
    ends = starts + dt.timedelta(days=chance.choice((9, 14, 15)))
    state.classes[number] += 1
    trade = chance.choice(provider.trades)
    level = chance.choices(tuple(LEVELS), (6, 3, 1))[0]
    taken: set[str] = set()
    for _seat in range(seats):
        person = state.someone(provider.region)
        while person.id_number in taken:
            person = state.someone(provider.region)
        taken.add(person.id_number)
        line: Values = {
            "姓名": person.name,
            "身份证号": person.id_number,
            "培训机构": provider.name,
            "班级编号": f"{year}-{number:02d}-{state.classes[number]:03d}",
            "培训工种": trade,
            "等级": level,
            "培训开始时间": starts,
            "培训结束时间": ends,
            "课时": chance.choice((60, 80, 96, 120)),
            "人员类别": "企业职工" if funding == "employer" else chance.choice(CATEGORIES),
            "培训类型": "岗位技能提升培训" if funding == "employer" else "就业技能培训",
        }
        yield {**line, **_examined(state, number, line, funding)}


def _examined(state: Year, number: int, line: Values, funding: str) -> Values:
    """Score, result, and for those who passed a certificate and a subsidy."""
    chance, ends, level = state.chance, line["培训结束时间"], str(line["等级"])
    score = chance.choice((*range(60, 100), *range(70, 95), 45, 52, 58))
    if score < 60 or not isinstance(ends, dt.date):
        return {"考核成绩": score, "考核结果": "不合格"}
    issued = ends + dt.timedelta(days=chance.randrange(10, 26))
    code, amount, _word = LEVELS[level]
    state.serials[number, issued.year, code] += 1
    serial = state.serials[number, issued.year, code]
    passed: Values = {
        "考核成绩": score,
        "考核结果": "合格",
        "证书名称": "职业技能等级证书",
        "发证日期": issued,
        "证书编号": f"S000065{number:06d}{issued:%y}{code}{serial:06d}",
    }
    return (
        passed if funding == "employer" else {**passed, "补贴金额": amount, "资金来源": chance.choice(FUNDS)}
    )


# --- damage ----------------------------------------------------------------------------------------------


def _cut_to_number(line: Values, _chance: random.Random) -> None:
    line["身份证号"] = float(int(str(line["身份证号"])[:15] + "000"))


def _cut_to_text(line: Values, _chance: random.Random) -> None:
    line["身份证号"] = str(line["身份证号"])[:15] + "000"


def _wrong_check(line: Values, _chance: random.Random) -> None:
    number = str(line["身份证号"])
    line["身份证号"] = number[:17] + "0123456789X"[("0123456789X".index(number[17]) + 3) % 11]


def _too_short(line: Values, chance: random.Random) -> None:
    number, place = str(line["身份证号"]), chance.randrange(6, 16)
    line["身份证号"] = number[:place] + number[place + 1 :]


def _no_name(line: Values, _chance: random.Random) -> None:
    line["姓名"] = None


def _no_such_day(line: Values, _chance: random.Random) -> None:
    line["培训结束时间"] = "2023年2月30日"


def _odd_level(line: Values, _chance: random.Random) -> None:
    line["等级"] = "优秀"


def _other_year(line: Values, _chance: random.Random) -> None:
    if number := line.get("证书编号"):
        line["证书编号"] = f"{str(number)[:13]}19{str(number)[15:]}"


def _odd_amount(line: Values, _chance: random.Random) -> None:
    line["补贴金额"] = "见附表"


def _unknown_trade(line: Values, _chance: random.Random) -> None:
    line["培训工种"] = "综合技能"


def _dirty_number(line: Values, chance: random.Random) -> None:
    number = str(line["身份证号"])
    line["身份证号"] = chance.choice(
        (f"'{number}", f"{number} ", number.replace("X", "x"), f"\u00a0{number}")
    )


DAMAGE: tuple[Callable[[Values, random.Random], None], ...] = (
    _cut_to_number,
    _cut_to_text,
    _wrong_check,
    _too_short,
    _no_name,
    _no_such_day,
    _odd_level,
    _other_year,
    _odd_amount,
    _unknown_trade,
    _dirty_number,
    _dirty_number,
)


def _damaged(lines: list[Values], chance: random.Random) -> list[Values]:
    """Spoil some lines, each in one way, and write a few of them down twice."""
    for line in lines:
        if chance.random() < FAULTY:
            chance.choice(DAMAGE)(line, chance)
    twice = [dict(line) for line in lines if chance.random() < FAULTY / 10]
    return lines + twice
