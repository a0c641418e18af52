"""Pages of batches: the list, one batch with what may be done next, its people, its scores."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.evaluations import queries, services, staff, wording
from certificates.evaluations.forms import DutyForm, ExamFilter, ExamForm, ScoresForm, first_day
from certificates.evaluations.models import Assessor, Candidate, Duty, Exam
from certificates.evaluations.services import NotAllowed
from registry.accounts.policy import can, require, requires
from registry.lib.dated import in_force
from registry.lib.web import listed

State = Exam.State
SCORES_A_PAGE = 50

#: what a button says → the verb, and the action that it needs
MOVES: dict[str, tuple[Any, str]] = {
    "publish": (services.publish, "exam.manage"),
    "take_back": (services.take_back, "exam.manage"),
    "examined": (services.examined, "exam.manage"),
    "appoint": (services.appoint, "score.enter"),
    "scored": (services.scored, "score.enter"),
    "reopen": (services.reopen, "score.enter"),
    "close": (services.close, "exam.manage"),
}


@require_GET
@requires("exam.read")
def exam_list(request: Any) -> HttpResponse:
    """Batches within the reader's scope, the latest exam first."""
    form = ExamFilter(request.GET)
    form.is_valid()
    found = queries.filtered(queries.exams(request.scope), **form.cleaned_data)
    page = listed(request, found, ["-exam_on", "-id"])
    context = {
        "form": form,
        "list": page,
        "people": queries.head_counts([exam.pk for exam in page.rows]),
        "may_arrange": can(request.actor, "exam.manage"),
    }
    return render(request, "certificates/evaluations/list.html", context)


@require_http_methods(["GET", "POST"])
@requires("exam.manage")
def new(request: Any) -> HttpResponseBase:
    """Arrange a batch; leads to its page."""
    form = ExamForm(request.POST or None, scope=request.scope, initial=first_day())
    if request.method == "POST" and form.is_valid():
        try:
            exam = services.arrange(form.plan, actor=request.user)
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            return redirect("evaluations:detail", exam.pk)
    status = 422 if form.errors else 200
    return render(
        request,
        "certificates/evaluations/new.html",
        {"form": form, "menu": "evaluations:list"},
        status=status,
    )


@require_GET
@requires("exam.read")
def detail(request: Any, exam_id: int) -> HttpResponse:
    """One batch: how far it is, who works in it, what to hand in next."""
    exam = _exam(request, exam_id)
    manage, enter = can(request.actor, "exam.manage"), can(request.actor, "score.enter")
    takes_people, takes_scores = exam.state in Exam.TAKES_CANDIDATES, exam.state in Exam.TAKES_SCORES
    of_exam = f"{exam.institution.name}/{exam.number}"
    context = {
        "exam": exam,
        "steps": wording.steps(exam),
        "next": wording.following(exam, manage=manage, enter=enter, lock=can(request.actor, "score.lock")),
        "results": queries.result_counts(exam.pk),
        "duties": queries.duties(exam.pk),
        "conflicts": wording.conflicts(services.conflicts(exam.pk)) if takes_people else [],
        "duty_form": _duty_form(exam) if manage and takes_people else None,
        "sheet": of_exam,
        "may_hand_in_people": manage and takes_people and can(request.actor, "intake.upload"),
        "may_hand_in_scores": enter
        and takes_scores
        and exam.route == Exam.Route.EXAM
        and can(request.actor, "intake.upload"),
        "may_cancel": manage and takes_people,
        "may_export": can(request.actor, "export.rows"),
        "menu": "evaluations:list",
    }
    return render(request, "certificates/evaluations/detail.html", context)


@require_POST
@requires("exam.manage")
def move(request: Any, exam_id: int) -> HttpResponseBase:
    """Take a batch one step on, or back; what stands in the way is said on its page."""
    exam = _exam(request, exam_id)
    verb = request.POST.get("verb", "")
    try:
        if verb == "cancel":
            _cancel(request, exam)
        elif verb in MOVES:
            service, action = MOVES[verb]
            require(request.actor, action)
            service(exam.pk, actor=request.user)
        else:
            raise Http404
    except NotAllowed as error:
        messages.warning(request, str(error))
    return redirect("evaluations:detail", exam.pk)


def _cancel(request: Any, exam: Exam) -> None:
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise NotAllowed(_("请写明取消的原因。"))
    services.cancel(exam.pk, actor=request.user, reason=reason[:200])


@require_POST
@requires("score.lock")
def lock(request: Any, exam_id: int) -> HttpResponseBase:
    """Another person than those who entered the scores locks them."""
    exam = _exam(request, exam_id)
    try:
        services.lock(exam.pk, actor=request.user)
    except NotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("成绩已锁定。此后更改须说明理由，由另一人批准。"))
    return redirect("evaluations:detail", exam.pk)


@require_POST
@requires("exam.manage")
def duties(request: Any, exam_id: int) -> HttpResponseBase:
    """Put an assessor to work, or take one off (`release` names the duty)."""
    exam = _exam(request, exam_id)
    form = DutyForm(request.POST, offered=_offered(exam))
    try:
        if request.POST.get("release", "").isdigit():
            staff.release(exam.pk, int(request.POST["release"]), actor=request.user)
        elif form.is_valid():
            said = form.cleaned_data
            staff.assign(
                exam.pk,
                said["assessor"],
                said["role"],
                declared_free=said["declared_free"],
                actor=request.user,
            )
        else:
            raise NotAllowed(_("请选择考务人员和职责。"))
    except (NotAllowed, Duty.DoesNotExist) as error:
        messages.warning(request, str(error))
    return redirect(f"{reverse('evaluations:detail', args=[exam.pk])}#duties")


@require_GET
@requires("exam.read")
def candidate_list(request: Any, exam_id: int) -> HttpResponse:
    """Candidates of a batch with their scores, in the order in which they were registered."""
    exam = _exam(request, exam_id)
    found = queries.candidates(request.scope, exam.pk).prefetch_related("person__documents")
    page = listed(request, found, ["id"])
    context = {
        "exam": exam,
        "list": page,
        "pictured": queries.with_photo([one.person_id for one in page.rows]),
        "menu": "evaluations:list",
    }
    return render(request, "certificates/evaluations/candidates.html", context)


@require_http_methods(["GET", "POST"])
@requires("score.enter")
def scores(request: Any, exam_id: int) -> HttpResponseBase:
    """Scores typed on screen, a page of candidates at a time; a large batch hands in a sheet."""
    exam = _exam(request, exam_id)
    people = queries.candidates(request.scope, exam.pk).filter(state=Candidate.State.REGISTERED)
    page = listed(request, people, ["id"], size=SCORES_A_PAGE)
    form = ScoresForm(request.POST or None, candidates=page.rows)
    if request.method == "POST" and form.is_valid():
        try:
            n = services.enter_scores(exam.pk, form.marks, actor=request.user)
        except NotAllowed as error:
            messages.warning(request, str(error))
            return redirect("evaluations:detail", exam.pk)
        messages.success(request, _("已登记 %(n)s 名考生的成绩。") % {"n": n})
        return redirect(request.get_full_path())
    if exam.state not in Exam.TAKES_SCORES:
        messages.warning(
            request, _("批次现在是“%(state)s”，不能录入成绩。") % {"state": exam.get_state_display()}
        )
        return redirect("evaluations:detail", exam.pk)
    return render(
        request,
        "certificates/evaluations/scores.html",
        {"exam": exam, "list": page, "form": form, "menu": "evaluations:list"},
        status=422 if form.errors else 200,
    )


def _exam(request: Any, exam_id: int) -> Exam:
    exam = queries.exam(request.scope, exam_id)
    if exam is None:
        raise Http404
    return exam


def _offered(exam: Exam) -> Any:
    """Everybody whom the institution engages on the exam's day."""
    found = Assessor.objects.filter(in_force(exam.exam_on), institution_id=exam.institution_id)
    return found.order_by("name", "id")


def _duty_form(exam: Exam) -> DutyForm:
    return DutyForm(offered=_offered(exam).exclude(duties__exam=exam))
