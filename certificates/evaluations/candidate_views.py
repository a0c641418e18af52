"""Pages of people: one candidate with papers, portrait and score; and the assessors of an institution."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from certificates.evaluations import admission, changes, photos, queries, staff
from certificates.evaluations.forms import AssessorForm, AvoidanceForm, ChangeForm, EvidenceForm, PhotoForm
from certificates.evaluations.models import Assessor, Candidate, Exam
from certificates.evaluations.services import NotAllowed
from registry.accounts.policy import can, requires
from registry.identity import id_numbers
from registry.lib import figures
from registry.lib.web import listed
from registry.people import looking
from registry.review.errors import Conflict


@require_GET
@requires("exam.read")
def candidate(request: Any, candidate_id: int) -> HttpResponse:
    """One candidate: what was declared and shown, the portrait, the score and its changes."""
    one = _candidate(request, candidate_id)
    looking.note(one.person, reader=request.user, what="candidate")
    return _page(request, one)


def _page(request: Any, one: Candidate, *, status: int = 200, **forms: Any) -> HttpResponse:
    score = getattr(one, "score", None)
    manage = can(request.actor, "exam.manage")
    open_ = one.exam.state in Exam.TAKES_CANDIDATES and one.state == Candidate.State.REGISTERED
    changeable = (
        score is not None
        and one.exam.state in Exam.FIXED
        and one.exam.route == Exam.Route.EXAM
        and can(request.actor, "score.change_request")
    )
    context = {
        "one": one,
        "exam": one.exam,
        "score": score,
        "asked": admission.asked_papers(one.path) if one.path else "",
        "declared": admission.told(one),
        "changes": score.changes.select_related("asked_by").order_by("id") if score else [],
        "has_photo": bool(photos.with_photo([one.person_id])),
        "may_withdraw": manage and open_,
        "papers_form": EvidenceForm(initial={"evidence": one.evidence})
        if manage and one.exam.state not in (*Exam.FIXED, Exam.State.CANCELLED)
        else None,
        "photo_form": PhotoForm() if manage else None,
        "change_form": ChangeForm(
            initial={"theory": score.theory, "practice": score.practice} if score else None
        )
        if changeable
        else None,
        "menu": "evaluations:list",
        **forms,
    }
    return render(request, "certificates/evaluations/candidate.html", context, status=status)


@require_POST
@requires("exam.manage")
def papers(request: Any, candidate_id: int) -> HttpResponseBase:
    """Which papers were looked at."""
    one = _candidate(request, candidate_id)
    form = EvidenceForm(request.POST)
    if not form.is_valid():
        return _page(request, one, status=422, papers_form=form)
    try:
        staff.show_papers(one.pk, form.cleaned_data["evidence"], actor=request.user)
    except NotAllowed as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("申报材料已登记。"))
    return redirect("evaluations:candidate", one.pk)


@require_http_methods(["GET", "POST"])
@requires("exam.read", POST="exam.manage")
def photo(request: Any, candidate_id: int) -> HttpResponseBase:
    """The portrait as a picture; or a new one."""
    one = _candidate(request, candidate_id)
    if request.method == "GET":
        picture = photos.photos_of([one.person_id]).get(one.person_id)
        if picture is None:
            raise Http404
        answer = HttpResponse(picture, content_type="image/jpeg")
        add_never_cache_headers(answer)
        return answer
    form = PhotoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            file = form.cleaned_data["photo"]
            photos.keep(one.person, file.read(figures.number("photo.most_bytes") + 1), actor=request.user)
        except photos.BadPhoto as error:
            form.add_error("photo", str(error))
        else:
            messages.success(request, _("证件照已保存。"))
            return redirect("evaluations:candidate", one.pk)
    return _page(request, one, status=422, photo_form=form)


@require_POST
@requires("exam.manage")
def withdraw(request: Any, candidate_id: int) -> HttpResponseBase:
    """A candidate leaves before the exam."""
    one = _candidate(request, candidate_id)
    try:
        staff.withdraw(one.pk, actor=request.user, reason=request.POST.get("reason", "")[:200])
    except NotAllowed as error:
        messages.warning(request, str(error))
    return redirect("evaluations:candidate", one.pk)


@require_POST
@requires("score.change_request")
def change(request: Any, candidate_id: int) -> HttpResponseBase:
    """Ask for a locked score to be changed; leads to the matter that another person decides."""
    one = _candidate(request, candidate_id)
    form = ChangeForm(request.POST)
    score = getattr(one, "score", None)
    if score is not None and form.is_valid():
        try:
            made = changes.ask(score.pk, actor=request.user, **form.cleaned_data)
        except NotAllowed as error:
            form.add_error(None, str(error))
        except Conflict as conflict:
            form.add_error(None, " ".join(conflict.messages))
        else:
            messages.success(request, _("已提交，须由另一人批准。"))
            return redirect("review:detail", made.case_id)
    if score is None:
        messages.warning(request, _("该考生还没有成绩。"))
        return redirect("evaluations:candidate", one.pk)
    return _page(request, one, status=422, change_form=form)


@require_http_methods(["GET", "POST"])
@requires("exam.read", POST="exam.manage")
def assessor_list(request: Any) -> HttpResponseBase:
    """Examiners and invigilators, and a form for another one."""
    manage = can(request.actor, "exam.manage")
    form = AssessorForm(request.POST or None) if manage else None
    if request.method == "POST" and form is not None and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in form.Meta.fields}
        try:
            staff.register_assessor(
                institution_id=request.scope.institution_id,
                id_number=form.cleaned_data["id_number"],
                actor=request.user,
                **facts,
            )
        except NotAllowed as error:
            form.add_error(None, str(error))
        else:
            return redirect("evaluations:assessors")
    context = {
        "list": listed(request, queries.assessors(request.scope), ["name", "id"]),
        "form": form,
        "menu": "evaluations:list",
    }
    status = 422 if form is not None and form.errors else 200
    return render(request, "certificates/evaluations/assessors.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires("exam.read", POST="exam.manage")
def assessor(request: Any, assessor_id: int) -> HttpResponseBase:
    """One assessor: where they work, whom they avoid."""
    one: Assessor | None = queries.assessors(request.scope).filter(pk=assessor_id).first()
    if one is None:
        raise Http404
    form = AvoidanceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = id_numbers.normalise(form.cleaned_data["id_number"]).value
        try:
            staff.avoid(one, said, form.cleaned_data["relation"], actor=request.user)
        except NotAllowed as error:
            form.add_error("id_number", str(error))
        else:
            return redirect("evaluations:assessor", one.pk)
    context = {
        "one": one,
        "avoids": one.avoids.select_related("person").order_by("id"),
        "duties": one.duties.select_related("exam__occupation", "exam__level").order_by("-exam__exam_on"),
        "form": form if can(request.actor, "exam.manage") else None,
        "menu": "evaluations:list",
    }
    return render(
        request, "certificates/evaluations/assessor.html", context, status=422 if form.errors else 200
    )


def _candidate(request: Any, candidate_id: int) -> Candidate:
    found = queries.candidates(request.scope).select_related(
        "exam__institution", "exam__occupation", "exam__level", "exam__body", "person", "path", "score"
    )
    one = found.filter(pk=candidate_id).first()
    if one is None:
        raise Http404
    return one
