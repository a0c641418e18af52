"""What evaluations put into a copy of everything held about a person, and name when a fact is disputed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.evaluations import admission, conditions, queries
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.rights.contributors import Contributor, Row


def _rows(scope: Scope, person: Person) -> list[Row]:
    found: list[Row] = []
    for one in queries.of_person(scope, person.pk):
        score = getattr(one, "score", None)
        found.append(
            {
                _t("评价批次"): one.exam.number,
                _t("评价机构"): one.exam.body.filed_name,
                _t("职业"): one.exam.occupation.name,
                _t("等级"): one.exam.level.name,
                _t("考试日期"): one.exam.exam_on.isoformat(),
                _t("准考证号"): one.ticket,
                _t("申报条件"): one.path.label if one.path else None,
                _t("申报内容"): "；".join(f"{name}：{value}" for name, value in admission.told(one)) or None,
                _t("申报材料"): admission.papers([c for c in one.evidence if c in conditions.EVIDENCE])
                or None,
                _t("考生来源"): one.source or None,
                _t("所在单位"): one.employer or None,
                _t("理论成绩"): _mark(score and score.theory),
                _t("实操成绩"): _mark(score and score.practice),
                _t("综合成绩"): _mark(score and score.total),
                _t("结果"): str(score.get_result_display()) if score else None,
            }
        )
    if queries.with_photo([person.pk]):
        found.append({_t("证件照"): _t("已保存")})
    return found


def _mark(value: object) -> str | None:
    return None if value is None else str(value)


def _records(scope: Scope, person: Person) -> Sequence[tuple[str, str]]:
    return [
        (f"candidate:{one.pk}", f"{one.exam.number} {one.exam.occupation.name} {one.exam.level.name}")
        for one in queries.of_person(scope, person.pk)[:50]
    ]


EXAMS = Contributor("exams", _("申报和考试"), _rows, _records, order=25)
