"""Which path admits each row of a list of candidates, by the paths in force on the exam's day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _t

from certificates.evaluations.conditions import (
    ALWAYS,
    DIPLOMAS,
    EVIDENCE,
    TITLES,
    Demands,
    Facts,
    missing_evidence,
    shortfalls,
    years_between,
)
from certificates.evaluations.models import Candidate, ConditionPath, Exam
from registry.lib.dated import in_force
from registry.occupations.models import SkillLevel


@dataclass(frozen=True, slots=True)
class Applied:
    """What a row declares. Days as dates; `work_years` as said; `evidence` as codes."""

    path: str = ""
    birth: date | None = None
    work_from: date | None = None
    work_years: float | None = None
    held: tuple[tuple[int, date | None], ...] = ()
    diploma: str = ""
    title: str = ""
    title_on: date | None = None
    evidence: tuple[str, ...] = ()

    def facts(self, day: date, *, appointed: bool) -> Facts:
        """As of the exam's day. A certificate without a day counts as held today."""
        years = self.work_years
        if years is None:
            years = years_between(self.work_from, day) if self.work_from else 0
        return Facts(
            age=None if self.birth is None else years_between(self.birth, day),
            work_years=years,
            held=tuple((rank, years_between(since, day) if since else 0) for rank, since in self.held),
            diploma=self.diploma,
            title=self.title,
            title_years=years_between(self.title_on, day) if self.title_on else 0,
            trained="training" in self.evidence,
            appointed=appointed,
        )


@dataclass(frozen=True, slots=True)
class Admitted:
    """The path that is open, or why none is; and the papers that it asks for and nobody showed."""

    path_id: int | None
    unmet: str
    lacking: tuple[str, ...]
    facts: Facts


def paths(exam: Exam) -> list[ConditionPath]:
    """Those of the exam's level and occupation, in force on its day, easiest code first."""
    found = ConditionPath.objects.filter(
        in_force(exam.exam_on), Q(occupation=None) | Q(occupation=exam.occupation_id), level=exam.level_id
    )
    return list(found.order_by("code"))


def admit(exam: Exam, open_paths: Sequence[ConditionPath], row: Applied) -> Admitted:
    """By the path that the row names (code or wording), else by the first that its facts meet."""
    facts = row.facts(exam.exam_on, appointed=exam.route == Exam.Route.APPOINTMENT)
    if not open_paths:
        return Admitted(None, _t("该等级在考试当日没有规定申报条件"), (), facts)
    named = [path for path in open_paths if row.path and _is_named(path, row.path)]
    if row.path and not named:
        codes = "、".join(path.code for path in open_paths)
        return Admitted(None, _t("申报条件无法识别，可填：%(codes)s") % {"codes": codes}, (), facts)
    tried: list[str] = []
    for path in named or open_paths:
        short = shortfalls(Demands.read(path.demands), facts)
        if not short:
            # Whoever lists no papers at all says nothing of them.
            lacking = missing_evidence(path.evidence, row.evidence) if row.evidence else []
            return Admitted(path.pk, "", tuple(lacking), facts)
        tried.append(f"{path.code}：{'，'.join(short)}")
    return Admitted(None, "；".join(tried[:4]), (), facts)


def _is_named(path: ConditionPath, said: str) -> bool:
    said = said.strip()
    return said in (path.code, path.label) or said.startswith(
        (f"{path.code} ", f"{path.code}：", f"{path.code}:")
    )


def papers(codes: Sequence[str]) -> str:
    """Names of papers, for a sentence."""
    return "、".join(str(EVIDENCE[code]) for code in codes)


def asked_papers(path: ConditionPath) -> str:
    """What is to be shown for a path."""
    return papers(list(dict.fromkeys([*ALWAYS, *path.evidence])))


def held_by(rows: Sequence[Sequence[Any]]) -> dict[UUID, list[tuple[int, date | None]]]:
    """Person → certificates (rank, since), of rows (number, person, rank, since)."""
    found: dict[UUID, list[tuple[int, date | None]]] = {}
    for _number, person, rank, since in rows:
        found.setdefault(person, []).append((rank, since))
    return found


def told(candidate: Candidate) -> list[tuple[str, str]]:
    """What a candidate declared, in words."""
    facts = Facts.from_json(candidate.declared)
    said: list[tuple[str, str]] = []
    if facts.work_years:
        said.append((_t("从事本职业"), _t("%(n)g 年") % {"n": facts.work_years}))
    names = dict(SkillLevel.objects.values_list("rank", "name")) if facts.held else {}
    said += [
        (_t("已有证书"), _t("%(level)s，取得满 %(n)g 年") % {"level": names.get(rank, rank), "n": years})
        for rank, years in facts.held
    ]
    if facts.diploma:
        said.append((_t("毕业院校"), str(DIPLOMAS.get(facts.diploma, facts.diploma))))
    if facts.title:
        said.append(
            (
                _t("职称"),
                _t("%(title)s，取得满 %(n)g 年")
                % {"title": TITLES.get(facts.title, facts.title), "n": facts.title_years},
            )
        )
    return said
