"""申报条件: what a path to a level demands, and whether declared facts meet it. Pure; without a database.

A path is a row of data (`ConditionPath`): `demands` is a JSON object of the fields of `Demands`, every one of which
must be met. Source of the shipped paths: domain notes §1.4, option list of a working third-party body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date
from typing import Any

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

#: Papers that a path may ask for. The first three are asked of everybody.
EVIDENCE = {
    "id": _("身份证件"),
    "photo": _("证件照"),
    "form": _("申报表和承诺书"),
    "work": _("工作年限证明"),
    "certificate": _("职业技能等级证书或职业资格证书"),
    "diploma": _("毕业证书或学籍证明"),
    "title": _("专业技术职务证书"),
    "training": _("培训结业证明"),
    "appointment": _("聘任文件"),
}
ALWAYS = ("id", "form")

#: Diplomas by what kind of school gave them.
DIPLOMAS = {
    "technical": _("技工院校"),
    "vocational": _("中等职业学校"),
    "college": _("高等职业学校或大专"),
    "bachelor": _("本科及以上"),
    "senior_technical": _("高级技工学校或技师学院高级工班"),
}
TITLES = {"junior": _("初级职称"), "intermediate": _("中级职称"), "senior": _("高级职称")}
_TITLE_RANK = {name: place for place, name in enumerate(TITLES, 1)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a candidate declares, and what is on record of them.

    `age` in completed years on the day of the exam; `work_years` in the occupation; `held` the certificates (rank,
    completed years since); `diploma` a key of DIPLOMAS; `title` one of TITLES with years since.
    """

    age: int | None = None
    work_years: float = 0
    held: tuple[tuple[int, float], ...] = ()
    diploma: str = ""
    title: str = ""
    title_years: float = 0
    trained: bool = False
    appointed: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is kept: what is empty is left out; never the age, which the number tells."""
        return {
            name: value
            for name, value in asdict(self).items()
            if name != "age" and value not in ("", 0, False, ())
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], age: int | None = None) -> Facts:
        """Of what was kept, with the age as of now."""
        known = {one.name for one in fields(cls)} - {"age", "held"}
        held = tuple((int(rank), float(years)) for rank, years in kept.get("held", ()))
        return cls(age=age, held=held, **{name: value for name, value in kept.items() if name in known})


@dataclass(frozen=True, slots=True)
class Demands:
    """What one path asks. Nothing set asks nothing. Years are completed years; ranks are those of SkillLevel."""

    age: int = 0
    work_years: float = 0
    held_rank: int = 0
    held_years: float = 0
    diplomas: tuple[str, ...] = field(default=())
    title: str = ""
    title_years: float = 0
    trained: bool = False
    appointed: bool = False

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Demands:
        """Of the JSON of a path. Raises ValueError for what no rule knows."""
        unknown = set(kept) - {one.name for one in fields(cls)}
        if unknown:
            raise ValueError(f"no such demand: {', '.join(sorted(unknown))}")
        read = cls(**{**kept, "diplomas": tuple(kept.get("diplomas", ()))})
        if not set(read.diplomas) <= set(DIPLOMAS) or (read.title and read.title not in TITLES):
            raise ValueError("no such diploma or title")
        return read


def shortfalls(demands: Demands, facts: Facts) -> list[str]:
    """What is missing, in words; empty where the path is open."""
    found: list[str] = []
    if demands.age and (facts.age is None or facts.age < demands.age):
        found.append(_t("须年满 %(n)s 周岁") % {"n": demands.age})
    if facts.work_years < demands.work_years:
        found.append(_t("从事本职业须满 %(n)g 年") % {"n": demands.work_years})
    if demands.held_rank:
        since = [years for rank, years in facts.held if rank >= demands.held_rank]
        if not since:
            found.append(_t("须持有规定等级的证书"))
        elif max(since) < demands.held_years:
            found.append(_t("取得证书后须满 %(n)g 年") % {"n": demands.held_years})
    if demands.diplomas and facts.diploma not in demands.diplomas:
        found.append(_t("须有规定院校的相关专业毕业证书"))
    if demands.title:
        if _TITLE_RANK.get(facts.title, 0) < _TITLE_RANK[demands.title]:
            found.append(_t("须有%(title)s") % {"title": TITLES[demands.title]})
        elif facts.title_years < demands.title_years:
            found.append(_t("取得职称后须满 %(n)g 年") % {"n": demands.title_years})
    if demands.trained and not facts.trained:
        found.append(_t("须有培训结业证明"))
    if demands.appointed and not facts.appointed:
        found.append(_t("须由用人单位聘任"))
    return found


def missing_evidence(asked: Iterable[str], shown: Sequence[str]) -> list[str]:
    """Codes of the papers that a path asks for and nobody showed."""
    return [code for code in dict.fromkeys([*ALWAYS, *asked]) if code not in shown]


def years_between(start: date, end: date) -> int:
    """Completed years; none before the start."""
    years = end.year - start.year - ((end.month, end.day) < (start.month, start.day))
    return max(0, years)
