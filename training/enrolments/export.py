"""The list of enrolments as a workbook: what the page shows, numbers of people masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from registry.lib.xlsx import write_xlsx
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
#: More than this is asked for by region or period, not read by a person.
MOST_ROWS = 50_000


def write(out: BinaryIO, found: QuerySet[Enrolment]) -> int:
    """At most MOST_ROWS of the rows, the latest registered first; returns how many."""
    rows = found.prefetch_related("person__documents").order_by("-id")[:MOST_ROWS]
    return write_xlsx(out, [str(heading) for heading in HEADINGS], _lines(rows.iterator(chunk_size=2_000)))


def _lines(rows: Iterable[Enrolment]) -> Iterator[list[Any]]:
    for row in rows:
        documents = list(row.person.documents.all())
        yield [
            row.person.name,
            documents[0].mask if documents else "",
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
        ]
