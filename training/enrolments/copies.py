"""What enrolments put into a copy of everything held about a person, and name when a fact is disputed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.lib.scope import Scope
from registry.people.models import Person
from registry.rights.contributors import Contributor, Row
from training.enrolments import queries
from training.enrolments.models import Enrolment


def _rows(scope: Scope, person: Person) -> list[Row]:
    return [_row(each) for each in queries.of_person(scope, person.pk).select_related("klass__institution")]


def _row(row: Enrolment) -> Row:
    klass = row.klass
    return {
        _t("培训机构"): klass.institution.name,
        _t("班级"): klass.number,
        _t("培训工种"): klass.occupation_text or klass.name,
        _t("状态"): str(row.get_state_display()),
        _t("人员类别"): str(row.get_category_display()),
        _t("开始日期"): row.started_on.isoformat(),
        _t("结业日期"): row.finished_on.isoformat() if row.finished_on else None,
        _t("课时"): None if row.hours is None else str(row.hours),
        _t("考核成绩"): None if row.score is None else str(row.score),
        _t("考核结果"): str(row.get_result_display()),
        _t("登记时间"): f"{row.created_at:%Y-%m-%d}",
    }


def _records(scope: Scope, person: Person) -> Sequence[tuple[str, str]]:
    found = queries.of_person(scope, person.pk)[:50]
    return [
        (f"enrolment:{row.pk}", f"{row.klass.number} {row.klass.occupation_text} {row.started_on}")
        for row in found
    ]


TRAININGS = Contributor("trainings", _("培训记录"), _rows, _records, order=20)
