"""The sheets of a batch: who applies, and what each scored. Both name the batch beside the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from certificates.evaluations import candidate_commit, queries, score_rows
from certificates.evaluations.candidate_checks import CHECKS
from certificates.evaluations.candidate_columns import CANDIDATES
from certificates.evaluations.candidate_resolve import resolve
from certificates.evaluations.models import Exam
from certificates.evaluations.score_columns import SCORES
from registry.accounts.models import User
from registry.accounts.scopes import scope_for
from registry.intake.kinds import Ask, Kind, Target
from registry.lib.scope import Scope

OFFERED = 200


class ExamUnknown(LookupError):
    """没有这个评价批次,或不在您的办理范围内。"""


class ExamAmbiguous(LookupError):
    """不同机构有同一编号的批次,请写成“机构名称/批次编号”。"""


def target(options: Mapping[str, Any], actor: User | None) -> Target:
    """Option ``exam``: id (int), number, or institution/number; without it the sheet can be checked, not loaded.

    Raises ExamUnknown, ExamAmbiguous.
    """
    scope = scope_for(actor) if actor is not None else Scope.all()
    wanted = options.get("exam")
    if wanted is None or wanted == "":
        return Target(
            key=f"institution={scope.institution_id or ''};region={scope.region_code or ''}",
            context={"exam": None},
            institution_id=scope.institution_id,
            region_code=scope.region_code,
        )
    exam = find_exam(wanted, scope)
    return Target(
        key=f"exam={exam.pk}",
        context={"exam": exam.pk},
        institution_id=exam.institution_id,
        region_code=exam.region_code,
    )


def find_exam(wanted: int | str, scope: Scope) -> Exam:
    """The batch as its clerk names it, within the scope."""
    if isinstance(wanted, int):
        named = Q(pk=wanted)
    else:
        institution, slash, number = wanted.strip().rpartition("/")
        named = Q(number=number, institution__name=institution) if slash else Q(number=number)
    found = list(queries.exams(scope).filter(named)[:2])
    if not found:
        raise ExamUnknown(str(wanted))
    if len(found) > 1:
        raise ExamAmbiguous(str(wanted))
    return found[0]


def _offered(user: User, states: tuple[str, ...]) -> list[tuple[str, str]]:
    found = queries.exams(scope_for(user)).filter(state__in=states)[:OFFERED]
    return [
        (f"{exam.institution.name}/{exam.number}", f"{exam.occupation.name} {exam.level.name}")
        for exam in found
    ]


def _taking_candidates(user: User) -> list[tuple[str, str]]:
    return _offered(user, Exam.TAKES_CANDIDATES)


def _taking_scores(user: User) -> list[tuple[str, str]]:
    return _offered(user, Exam.TAKES_SCORES)


def _ask(suggestions: Any) -> Ask:
    return Ask(
        key="exam",
        label=_("评价批次"),
        required=_("请写明这张表属于哪个评价批次。"),
        suggestions=suggestions,
        help=_("批次编号，或“机构名称/批次编号”。"),
    )


CANDIDATE_KIND = Kind(
    spec=CANDIDATES,
    target=target,
    resolve=resolve,
    checks=CHECKS,
    begin=candidate_commit.begin,
    commit=candidate_commit.commit,
    finish=candidate_commit.finish,
    created=("persons", "candidates"),
    asks=(_ask(_taking_candidates),),
    may="exam.manage",
)

SCORE_KIND = Kind(
    spec=SCORES,
    target=target,
    resolve=score_rows.resolve,
    checks=score_rows.CHECKS,
    begin=score_rows.begin,
    commit=score_rows.commit,
    finish=score_rows.finish,
    created=("scores",),
    asks=(_ask(_taking_scores),),
    may="score.enter",
)
