"""Pages of review: what waits for me, one matter with everything that speaks for and against it, deciding."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts.models import User
from registry.accounts.policy import confirmed, grant_of, require, requires
from registry.lib.web import listed
from registry.review import agreed, procedures, queries, services, wording
from registry.review.errors import Conflict
from registry.review.forms import AskForm, DecisionForm, WithdrawForm
from registry.review.models import Case, Outcome

# Beside a case: so many of those that wait, enough to go on without the list.
BESIDE = 30

_VIEWS = {
    "": (queries.waiting, ["opened_at", "id"]),
    "made": (queries.made, ["-opened_at", "-id"]),
    "decided": (queries.decided, ["-opened_at", "-id"]),
}


@require_GET
@requires("review.read")
def case_list(request: Any) -> HttpResponse:
    """What waits for me, oldest first; what I handed in; what I decided."""
    view = request.GET.get("view", "")
    view = view if view in _VIEWS else ""
    query, order = _VIEWS[view]
    found = listed(request, query(request.actor), order)
    context = {
        "list": found,
        "shown": wording.listed(found.rows),
        "view": view,
        "to_ask": agreed.to_ask(request.actor),
        "menu": "review:list",
    }
    return render(request, "registry/review/list.html", context)


@require_GET
@requires("review.read")
def detail(request: Any, case_id: UUID) -> HttpResponse:
    """One matter: what it asks for, who asked, what was decided so far, and my say if it is my turn."""
    return _page(request, _case(request, case_id))


@require_http_methods(["GET", "POST"])
@requires("review.ask")
def ask(request: Any, kind: str) -> HttpResponseBase:
    """Ask for something that a second person has to agree to before a command does it."""
    known = procedures.find(kind.replace("-", "."))
    if known is None or known.ask is None:
        raise Http404
    require(request.actor, known.ask.action)
    form = AskForm(known.ask.choices, request.POST or None)
    if request.method == "POST" and form.is_valid():
        case = agreed.ask(known, actor=request.user, **form.cleaned_data)
        messages.success(request, _("已提交，须由另一人同意。"))
        return redirect("review:detail", case.pk)
    context = {"procedure": known, "form": form, "menu": "review:list"}
    status = 422 if form.is_bound else 200
    return render(request, "registry/review/ask.html", context, status=status)


@require_POST
@requires("review.decide")
def decide(request: Any, case_id: UUID) -> HttpResponseBase:
    """Take one person's say. Who was slower gets the matter as it is now, and who was faster."""
    case = _case(request, case_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _page(request, case, form=form, status=422)
    asked = form.cleaned_data
    if case.is_open and asked["version"] == case.row_version:
        require(request.actor, case.action)
    try:
        made = services.decide(
            case_id=case.pk,
            step=asked["step"],
            outcome=asked["outcome"],
            actor=request.user,
            version=asked["version"],
            reason=asked["reason"],
        )
    except Conflict as conflict:
        return _conflict(request, case, conflict, form)
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, _case(request, case_id), form=form, status=422)
    word = Outcome(asked["outcome"]).label
    messages.success(request, _("“%(what)s”已记为%(word)s。") % {"what": made.summary, "word": word})
    following = _following(request, case)
    return redirect("review:detail", following.pk) if following else redirect("review:list")


@require_POST
@requires("review.withdraw")
def withdraw(request: Any, case_id: UUID) -> HttpResponseBase:
    """The maker takes it back while nobody decided."""
    case = _case(request, case_id)
    form = WithdrawForm(request.POST)
    if not form.is_valid():
        return _page(request, case, status=422)
    try:
        services.withdraw(case_id=case.pk, actor=request.user, **form.cleaned_data)
    except Conflict as conflict:
        return _conflict(request, case, conflict, None)
    messages.success(request, _("已撤回。修改后可以重新提交。"))
    return redirect("review:detail", case.pk)


def _case(request: Any, case_id: UUID) -> Case:
    found = queries.visible(request.actor).filter(pk=case_id).first()
    if found is None:
        raise Http404
    return found


def _conflict(request: Any, case: Case, conflict: Conflict, form: DecisionForm | None) -> HttpResponse:
    messages.warning(request, " ".join(conflict.messages))
    fresh = _case(request, case.pk)
    # What was typed stays; the state that it now speaks about is the fresh one.
    typed = {"reason": form.cleaned_data["reason"]} if form is not None else {}
    return _page(request, fresh, form=_blank(fresh, **typed), status=409)


def _blank(case: Case, **typed: str) -> DecisionForm:
    return DecisionForm(initial={"step": case.step, "version": case.row_version, **typed})


def _following(request: Any, case: Case) -> Case | None:
    """The next that waits, or the first from the beginning."""
    waiting = queries.waiting(request.actor)
    return waiting.filter(opened_at__gte=case.opened_at).first() or waiting.first()


def _page(request: Any, case: Case, *, form: DecisionForm | None = None, status: int = 200) -> HttpResponse:
    actor = request.actor
    waiting = list(queries.waiting(actor)[: BESIDE + 1])
    ids = [one.pk for one in waiting]
    at = ids.index(case.pk) if case.pk in ids else None
    turn = queries.waiting(actor).filter(pk=case.pk).exists()
    grant = grant_of(actor, case.action) if turn else None
    own = _is_own(request.user, case)
    return render(
        request,
        "registry/review/detail.html",
        {
            "case": case,
            "told": wording.whole(case),
            "history": queries.history(request.scope, case),
            "beside": wording.listed(waiting[:BESIDE]),
            "more": len(waiting) > BESIDE,
            "before": ids[at - 1] if at else None,
            "after": ids[at + 1] if at is not None and at + 1 < len(ids) else None,
            "turn": turn,
            "own": own,
            "may_withdraw": own and case.is_open and case.row_version == 1,
            "confirm_first": bool(grant and grant.step_up and not confirmed(actor)),
            "form": form if form is not None else _blank(case),
            "menu": "review:list",
        },
        status=status,
    )


def _is_own(user: User, case: Case) -> bool:
    return user.holder_id is not None and user.holder_id == case.maker_holder_id
