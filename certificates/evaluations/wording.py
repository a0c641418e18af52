"""What pages of evaluations say: how far a batch is, what comes next, who must be avoided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.evaluations.models import Assessor, Avoidance, Exam

State = Exam.State
_ROAD = (State.DRAFT, State.PUBLISHED, State.EXAMINED, State.SCORED, State.LOCKED, State.CLOSED)


def steps(exam: Exam) -> list[dict[str, str]]:
    """For the stepper; a cancelled batch has no road."""
    if exam.state == State.CANCELLED:
        return []
    at = _ROAD.index(State(exam.state))
    found = []
    for place, state in enumerate(_ROAD):
        word = "done" if place < at else "current" if place == at else "wait"
        found.append({"label": str(state.label), "state": word})
    return found


class Next(NamedTuple):
    """A button: what it does, what it says, whether it is the one that leads on."""

    verb: str
    label: str | Promise
    icon: str
    ahead: bool = True


def following(exam: Exam, *, manage: bool, enter: bool, lock: bool) -> list[Next]:
    """What the reader may do now with the batch as a whole. `lock` goes to an address of its own."""
    found: list[Next] = []
    match exam.state:
        case State.DRAFT if manage:
            found = [Next("publish", _("发布批次"), "bell")]
        case State.PUBLISHED if manage:
            found = [
                Next(
                    "examined", _("考试已举行") if exam.route == Exam.Route.EXAM else _("评审已举行"), "check"
                ),
                Next("take_back", _("退回草稿"), "arrow-left", False),
            ]
        case State.EXAMINED if enter:
            found = [Next("scored", _("成绩已齐"), "check")]
            if exam.route == Exam.Route.APPOINTMENT:
                found.insert(0, Next("appoint", _("按聘任文件登记"), "clipboard-check", False))
        case State.SCORED:
            found = [Next("lock", _("锁定成绩"), "lock")] if lock else []
            found += [Next("reopen", _("退回录入"), "arrow-left", False)] if enter else []
        case State.LOCKED if manage:
            found = [Next("close", _("办结批次"), "circle-check")]
    return found


_WHY = {"candidate": _("本人是本批次考生"), **dict(Avoidance.Relation.choices)}


def conflicts(found: Sequence[tuple[int, int, str]]) -> list[str]:
    """A sentence for each pair; the candidate is named by their row only."""
    names = dict(Assessor.objects.filter(pk__in={one for one, _c, _w in found}).values_list("pk", "name"))
    return [
        _t("%(name)s：%(why)s，须回避") % {"name": names[assessor], "why": _WHY.get(why, why)}
        for assessor, _candidate, why in dict.fromkeys((a, 0, w) for a, _c, w in found)
    ]
