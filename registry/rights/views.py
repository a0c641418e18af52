"""Pages of rights: what a person may ask, how far it is, and the desk where it is answered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts.policy import can, requires
from registry.lib.web import listed
from registry.people import looking
from registry.people import queries as people
from registry.people.models import Person
from registry.rights import contributors, queries
from registry.rights import corrections as verbs
from registry.rights.forms import AnswerForm, CorrectionForm
from registry.rights.models import Correction
from registry.rights.wording import left


@require_GET
@requires("person.rights")
def home(request: Any) -> HttpResponse:
    """What I may ask, and what became of what I asked."""
    person = _own(request)
    return render(
        request,
        "registry/rights/home.html",
        {
            "person": person,
            "cases": [_shown(case) for case in queries.corrections_of(request.scope, person.pk)[:50]],
            "menu": "rights:home",
        },
    )


@require_GET
@requires("person.correct_read")
def corrections(request: Any) -> HttpResponse:
    """Cases of the division or the school: what waits, oldest day first; or what has been answered."""
    done = request.GET.get("view") == "done"
    found = queries.corrections(request.scope)
    if done:
        found = found.exclude(state=Correction.State.OPEN)
        shown = listed(request, found, ["-answered_at", "-id"])
    else:
        shown = listed(request, queries.waiting(request.scope), ["due_on", "id"])
    today = timezone.localdate()
    return render(
        request,
        "registry/rights/corrections.html",
        {
            "list": shown,
            "rows": [(case, *left(case, today)) for case in shown.rows],
            "done": done,
            "overdue": queries.overdue(request.scope, today).count(),
        },
    )


@require_http_methods(["GET", "POST"])
@requires("person.correct_request")
def ask(request: Any, person_id: UUID | None = None) -> HttpResponseBase:
    """Ask for a correction: a trainee of their own facts, a school of a trainee's."""
    person = _own(request) if person_id is None else people.person(request.scope, person_id)
    if person is None:
        raise Http404
    records = contributors.records_of(request.scope, person)
    initial = {"fact": request.GET.get("fact", ""), "record": request.GET.get("record", "")}
    form = CorrectionForm(request.POST or None, records=records, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            case = verbs.ask(
                person,
                **{name: form.cleaned_data[name] for name in ("fact", "record", "proposed", "why")},
                actor=request.user,
                institution_id=request.scope.institution_id,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            told = {"number": case.number, "day": f"{case.due_on:%Y-%m-%d}"}
            messages.success(request, _("已受理，编号 %(number)s，最迟 %(day)s 答复。") % told)
            return redirect("rights:correction", case.pk)
    own = request.scope.kind == "own"
    context = {"form": form, "person": person, "own": own, "menu": _menu(request)}
    return render(request, "registry/rights/ask.html", context, status=422 if form.errors else 200)


@require_GET
@requires("person.correct_read")
def correction(request: Any, case_id: int) -> HttpResponse:
    """One case with what it says; whoever opens it is noted, as with the account itself."""
    case = _case(request, case_id)
    looking.note(case.person, reader=request.user, what="correction")
    return _correction(request, case, AnswerForm())


@require_POST
@requires("person.correct_approve")
def answer(request: Any, case_id: int) -> HttpResponseBase:
    """Answer a case, with the text that the asker reads."""
    case = _case(request, case_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _correction(request, case, form, status=422)
    approve = form.cleaned_data["outcome"] == AnswerForm.APPROVE
    try:
        verbs.answer(
            case_id, approve=approve, text=form.cleaned_data["text"], actor=request.user, scope=request.scope
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _correction(request, _case(request, case_id), form, status=409)
    messages.success(request, _("已答复 %(number)s。") % {"number": case.number})
    return redirect("rights:corrections")


@require_POST
@requires("person.correct_request")
def withdraw(request: Any, case_id: int) -> HttpResponseBase:
    """Take a case back that nobody has answered."""
    case = _case(request, case_id)
    try:
        verbs.withdraw(case_id, actor=request.user, scope=request.scope)
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
    else:
        messages.success(request, _("已撤回 %(number)s。") % {"number": case.number})
    return redirect("rights:correction", case_id)


def _own(request: Any) -> Person:
    scope = request.scope
    person = people.person(scope, scope.person_id) if scope.kind == "own" else None
    if person is None:
        raise Http404
    return person


def _case(request: Any, case_id: int) -> Correction:
    case = queries.corrections(request.scope).filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def _shown(case: Correction) -> dict[str, Any]:
    words, tone = left(case, timezone.localdate())
    return {
        "case": case,
        "said": queries.said(case),
        "answer": queries.answered(case),
        "words": words,
        "tone": tone,
    }


def _correction(request: Any, case: Correction, form: AnswerForm, status: int = 200) -> HttpResponse:
    waits = case.state == Correction.State.OPEN
    context = {
        **_shown(case),
        "record": contributors.called(request.scope, case.person, case.record) if case.record else "",
        "form": form,
        "own": request.scope.kind == "own",
        "may_answer": waits and can(request.actor, "person.correct_approve"),
        "may_withdraw": waits and can(request.actor, "person.correct_request"),
        "by_program": case.fact in verbs.AMENDED,
        "menu": _menu(request),
    }
    return render(request, "registry/rights/correction.html", context, status=status)


def _menu(request: Any) -> str:
    return "rights:home" if request.scope.kind == "own" else "rights:corrections"
