"""The list for awarding certificates (申报颁证花名册, T11) as an export: one batch's candidates with their scores.

Numbers of people are masked as in any export. Number and remark of the certificate come from the room that issues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from django.utils.translation import gettext_lazy as _

from certificates.evaluations import queries
from certificates.evaluations.models import Candidate
from registry.exports.sources import Asked, Line, Source
from registry.lib.scope import Scope

HEADINGS = (
    _("序号"),
    _("姓名"),
    _("单位"),
    _("性别"),
    _("出生日期"),
    _("身份证号码"),
    _("学历"),
    _("理论成绩"),
    _("实践成绩"),
    _("综合成绩"),
    _("结果"),
    _("证书编号"),
    _("备注"),
)
_SPAN = 2_000

#: candidates → number of the certificate that was made of each; the room above says so at start
Numbers = Callable[[Sequence[int]], Mapping[int, str]]


def _none(candidates: Sequence[int]) -> Mapping[int, str]:
    return {}


_numbers: list[Numbers] = [_none]


def register_numbers(numbers: Numbers) -> None:
    """Called once from ``AppConfig.ready``."""
    _numbers[0] = numbers


def read(query: Mapping[str, str]) -> dict[str, str]:
    """The batch, as an address names it."""
    exam = query.get("exam", "")
    return {"exam": exam} if exam.isascii() and exam.isdigit() else {}


def words(asked: Asked) -> list[tuple[str, str]]:
    """The same for people to read."""
    exam = queries.exams(Scope.all()).filter(pk=int(asked.get("exam", 0))).first()
    return (
        []
        if exam is None
        else [(str(_("评价批次")), f"{exam.number} {exam.occupation.name} {exam.level.name}")]
    )


def count(scope: Scope, asked: Asked) -> int:
    """How many candidates those are."""
    return queries.registered(scope, int(asked.get("exam", 0))).count()


def lines(scope: Scope, asked: Asked, most: int) -> Iterator[Line]:
    """In the order in which they were registered."""
    rows = queries.registered(scope, int(asked.get("exam", 0))).prefetch_related("person__documents")[:most]
    chunk: list[Candidate] = []
    n = 0
    for row in rows.iterator(chunk_size=_SPAN):
        chunk.append(row)
        if len(chunk) == _SPAN:
            yield from _lines(chunk, n)
            n += len(chunk)
            chunk = []
    yield from _lines(chunk, n)


def _lines(chunk: list[Candidate], before: int) -> Iterator[Line]:
    numbers = _numbers[0]([one.pk for one in chunk])
    for n, one in enumerate(chunk, before + 1):
        documents = list(one.person.documents.all())
        score = getattr(one, "score", None)
        shown = one.person.restricted_at is None
        yield (
            one.person_id,
            [
                n,
                one.person.called,
                one.employer,
                one.person.get_sex_display() if shown else "",
                one.person.birth_date if shown else None,
                documents[0].mask if documents and shown else "",
                one.person.education if shown else "",
                score.theory if score else None,
                score.practice if score else None,
                score.total if score else None,
                score.get_result_display() if score else "",
                numbers.get(one.pk, ""),
                one.get_attempt_display() if one.attempt == Candidate.Attempt.RESIT else "",
            ],
        )


RESULTS = Source(
    kind="exam-results",
    label=_("申报颁证花名册"),
    headings=HEADINGS,
    page="evaluations:list",
    read=read,
    words=words,
    count=count,
    lines=lines,
)
