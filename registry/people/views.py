"""Pages of people: look somebody up, the personal training account, and pairs that may be one person."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from registry.accounts.policy import Refused, can, requires
from registry.exports import rules
from registry.lib.limiting import limited
from registry.lib.scope import Scope
from registry.lib.web import listed
from registry.people import looking, merging, panels, queries, revealing
from registry.people.forms import DecisionForm, RevealForm, SearchForm
from registry.people.models import MatchCase, Person


@require_http_methods(["GET", "POST"])
@requires("person.read")
@limited("people.search")
def person_list(request: Any) -> HttpResponseBase:
    """Find people by name or by number. Numbers are posted, so that none ends up in an address or a log."""
    if request.method == "POST":
        return _asked(request)
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = listed(request, queries.search(request.scope, text), ["name_key", "id"]) if text else None
    return render(request, "registry/people/list.html", {"form": form, "text": text, "list": found})


def _asked(request: Any) -> HttpResponseBase:
    form = SearchForm(request.POST)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    if not any(character.isdigit() for character in text):
        return redirect(f"{reverse('people:list')}?{urlencode({'q': text})}")
    person = queries.search(request.scope, text).first()
    if person is not None:
        return redirect("people:detail", person.pk)
    messages.info(request, _("您的查看范围内没有这个证件号码。请核对号码，须输入完整的号码。"))
    return redirect("people:list")


@require_GET
@requires("person.read")
def detail(request: Any, person_id: UUID) -> HttpResponse:
    """The personal training account (个人培训账户); who opened it is noted."""
    person = queries.person(request.scope, person_id)
    if person is None:
        raise Http404
    looking.note(person, reader=request.user)
    return _account(request, person)


@require_GET
@requires("person.read")
def me(request: Any) -> HttpResponse:
    """One's own account."""
    person = _oneself(request.scope)
    if person is None:
        return render(request, "registry/people/no_account.html", status=404)
    return _account(request, person)


@require_GET
@requires("person.readers")
def my_readers(request: Any) -> HttpResponse:
    """Who looked at what is on record about oneself (谁查看过我的信息)."""
    person = _oneself(request.scope)
    if person is None:
        return render(request, "registry/people/no_account.html", status=404)
    return _readers(request, person)


@require_GET
@requires("person.readers")
def readers(request: Any, person_id: UUID) -> HttpResponse:
    """Who looked at a person within the scope, as far as the reader's role is told."""
    person = queries.person(request.scope, person_id)
    if person is None:
        raise Http404
    return _readers(request, person)


def _readers(request: Any, person: Person) -> HttpResponse:
    own = request.scope.kind == "own"
    with_notes = request.scope.sees_everything
    found = listed(request, looking.actions(request.scope, person), ["-id"])
    context = {
        "person": person,
        "own": own,
        "list": found,
        "rows": looking.readings(found.rows, with_notes=with_notes),
        "with_notes": with_notes,
        "menu": "people:me" if own else "people:list",
    }
    return render(request, "registry/people/readers.html", context)


def _oneself(scope: Scope) -> Person | None:
    return queries.person(scope, scope.person_id) if scope.kind == "own" and scope.person_id else None


def _account(request: Any, person: Person) -> HttpResponse:
    return render(
        request,
        "registry/people/detail.html",
        {
            "person": person,
            "own": request.scope.kind == "own",
            "may_correct": can(request.actor, "person.correct_request"),
            "filled": panels.of_person(request.scope, person),
            "phones": person.phones.defer("sealed").order_by("created_at"),
            "accounts": person.accounts.defer("sealed").order_by("created_at")
            if queries.shows_accounts(request.scope, person)
            else (),
            "may_reveal": can(request.actor, "person.reveal"),
            "may_verify": can(request.actor, "person.verify_identity"),
            "menu": "people:me" if request.scope.kind == "own" else "people:list",
        },
    )


def _refusals_recorded(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Asking in a role that may not is written down too; being sent to confirm who one is, is no refusal."""

    @wraps(view)
    def recorded(request: Any, person_id: UUID) -> HttpResponseBase:
        try:
            return view(request, person_id)
        except Refused as error:
            if request.method == "POST" and type(error) is Refused:
                revealing.refused(user=request.user, person_id=person_id, why="role")
            raise

    return recorded


@require_http_methods(["GET", "POST"])
@_refusals_recorded
@requires("person.reveal")
def reveal(request: Any, person_id: UUID) -> HttpResponse:
    """One number in full, once: asked for with a reason, written down, then shown for a minute."""
    person = queries.person(request.scope, person_id)
    if person is None:
        if request.method == "POST":
            revealing.refused(user=request.user, person_id=person_id, why="scope")
        raise Http404
    own = request.scope.kind == "own"
    form = RevealForm(
        request.POST if request.method == "POST" else None,
        initial={"field": request.GET.get("field")},
        hidden=revealing.hidden(person, accounts=queries.shows_accounts(request.scope, person)),
        reasons=rules.reasons("reveal"),
        note_characters=rules.limit("reveal_note_characters"),
        own=own,
    )
    context = {"person": person, "form": form, "own": own, "menu": "people:me" if own else "people:list"}
    try:
        revealing.allow(request.actor, person)
        if request.method == "POST":
            return _shown(request, context)
    except revealing.Denied as denied:
        if request.method == "POST":
            revealing.refused(
                user=request.user,
                person_id=person.pk,
                why=denied.why,
                field=request.POST.get("field", "").partition(":")[0],
            )
        return _denied(request, context, denied)
    return render(request, "registry/people/reveal.html", context)


def _shown(request: Any, context: dict[str, Any]) -> HttpResponse:
    form, person = context["form"], context["person"]
    if not form.is_valid():
        raise revealing.Denied("reason", _("号码没有显示：请选择号码，并写明事由。"))
    revealing.record(
        actor=request.actor,
        user=request.user,
        person=person,
        asked=form.asked,
        reason=form.cleaned_data.get("reason_code", revealing.SELF),
        note=form.cleaned_data.get("note", ""),
    )
    try:
        value = revealing.opened(person, form.asked, user=request.user)
    except revealing.CannotOpen:
        return render(request, "registry/people/revealed.html", context, status=500)
    context |= {"asked": form.asked, "value": value, "seconds": rules.limit("reveal_seconds")}
    return render(request, "registry/people/revealed.html", context)


def _denied(request: Any, context: dict[str, Any], denied: revealing.Denied) -> HttpResponse:
    status = {"quota": 429, "reason": 400}.get(denied.why, 403)
    page = render(request, "registry/people/reveal.html", {**context, "denied": denied}, status=status)
    if denied.again_at is not None:
        page.headers["Retry-After"] = str(max(1, int((denied.again_at - timezone.now()).total_seconds()) + 1))
    return page


@require_http_methods(["GET", "POST"])
@requires("person.match")
def matches(request: Any) -> HttpResponseBase:
    """Pairs of records that may be one person; a human decides, with a reason."""
    open_cases = queries.open_match_cases(request.scope)
    if request.method == "POST":
        form = DecisionForm(request.POST)
        if form.is_valid():
            _decide(request, form)
        else:
            messages.warning(request, _("还没有保存：请选择结论并写明依据。"))
        return redirect("people:matches")
    found = listed(request, open_cases, ["id"], size=20)
    pairs = [(case, ((_("已有记录（保留）"), case.first), (_("新登记"), case.second))) for case in found.rows]
    return render(
        request, "registry/people/matches.html", {"list": found, "pairs": pairs, "menu": "people:matches"}
    )


def _decide(request: Any, form: DecisionForm) -> None:
    case = queries.open_match_cases(request.scope).filter(pk=form.cleaned_data["case"]).first()
    if case is None:
        messages.info(request, _("这一组已由他人处理。"))
        return
    reason = form.cleaned_data["reason"]
    if form.cleaned_data["answer"] == DecisionForm.DIFFERENT:
        merging.keep_apart(case_id=case.pk, reason=reason, actor=request.user)
        messages.success(request, _("已记为不是同一人。"))
        return
    _merge(request, case, reason)


def _merge(request: Any, case: MatchCase, reason: str) -> None:
    try:
        merging.merge(
            survivor_id=case.first_id, absorbed_id=case.second_id, reason=reason, actor=request.user
        )
    except merging.CannotMerge as error:
        messages.warning(request, error.__doc__ or "")
    else:
        messages.success(request, _("已合并为一人，可以撤销。"))
