"""The list of enrolments as an export: what the page shows under the same filter, numbers of people masked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from registry.exports.sources import Asked, Line, Source
from registry.lib.scope import Scope
from training.enrolments import queries
from training.enrolments.forms import EnrolmentFilter
from training.enrolments.models import Enrolment

HEADINGS = (
    _("姓名"),
    _("证件号码"),
    _("班级编号"),
    _("培训工种"),
    _("等级"),
    _("培训机构"),
    _("人员类别"),
    _("培训类型"),
    _("课时"),
    _("成绩"),
    _("考核"),
    _("开始日期"),
    _("结业日期"),
    _("状态"),
)
_SPAN = 2_000


def read(query: Mapping[str, str]) -> dict[str, str]:
    """The filter as an address holds it; what is wrong or empty is left out."""
    form = EnrolmentFilter(query)
    form.is_valid()
    return {name: str(value) for name, value in form.cleaned_data.items() if value}


def words(asked: Asked) -> list[tuple[str, str]]:
    """The filter for people to read."""
    form = EnrolmentFilter(asked)
    said = []
    for name, value in asked.items():
        field = form.fields[name]
        choices = dict(getattr(field, "choices", ()))
        label = str(field.label or {"klass": _("班级"), "batch": _("导入批次")}.get(name, name))
        said.append((label, str(choices.get(value, value))))
    return said


def found(scope: Scope, asked: Asked) -> QuerySet[Enrolment]:
    """The rows of the filter within the scope."""
    form = EnrolmentFilter(asked)
    form.is_valid()
    return queries.filtered(queries.enrolments(scope), **form.cleaned_data)


def count(scope: Scope, asked: Asked) -> int:
    """How many rows those are."""
    return found(scope, asked).count()


def lines(scope: Scope, asked: Asked, most: int) -> Iterator[Line]:
    """At most so many of them, the latest registered first."""
    rows = found(scope, asked).prefetch_related("person__documents").order_by("-id")[:most]
    for row in rows.iterator(chunk_size=_SPAN):
        documents = list(row.person.documents.all())
        yield (
            row.person_id,
            [
                row.person.called,
                documents[0].mask if documents and row.person.restricted_at is None else "",
                row.klass.number,
                row.klass.occupation_text or row.klass.name,
                row.klass.level.name if row.klass.level else "",
                row.klass.institution.name,
                row.get_category_display(),
                row.get_training_type_display(),
                row.hours,
                row.score,
                row.get_result_display(),
                row.started_on,
                row.finished_on,
                row.get_state_display(),
            ],
        )


ENROLMENTS = Source(
    kind="enrolments",
    label=_("培训记录"),
    headings=HEADINGS,
    page="enrolments:list",
    read=read,
    words=words,
    count=count,
    lines=lines,
)
