"""Pages of the trainees' door: name and number, the code, and how to be believed more than a code."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts import services as accounts
from registry.accounts import session_keys as keys
from registry.accounts import sessions
from registry.accounts.acting import acting_user
from registry.accounts.models import User
from registry.accounts.policy import requires
from registry.door import oidc, queries, services
from registry.door.forms import CodeForm, KnockForm, VerifyForm
from registry.door.models import Knock
from registry.lib import figures, proof
from registry.lib.limits import Wait
from registry.lib.web import client_address, network_of
from registry.people import queries as people

logger = logging.getLogger("registry.door")

KNOCK = "knock"
_BACKEND = "registry.accounts.backends.RoleBackend"


def _unhurried(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """No answer comes sooner than the floor: what was found cannot be told from how long finding it took."""

    @wraps(view)
    def waits(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        began = time.monotonic()
        answer = view(request, *args, **kwargs)
        if request.method == "POST":
            left = figures.number("door.floor_ms") / 1000 - (time.monotonic() - began)
            time.sleep(max(0.0, left))
        return answer

    return waits


@login_not_required
@require_http_methods(["GET", "POST"])
@_unhurried
def knock(request: Any) -> HttpResponseBase:
    """Name and number. The answer to whoever fills them in well is always the same: a code went out, if they fit."""
    if request.method == "GET":
        return _ask(request, KnockForm())
    form = KnockForm(request.POST)
    asked = request.POST.get("asked", "")
    if not form.is_valid():
        return _ask(request, form, asked)
    network = network_of(client_address(request))
    proved = proof.judge("door", asked, request.POST.get("answer", ""), network)
    if not proved.done:
        form.add_error(None, _soon(proved.seconds) if proved.seconds else _("请再提交一次。"))
        return _ask(request, form, asked if proved.seconds else "")
    found = services.knock(
        number=form.cleaned_data["number"], name=form.cleaned_data["name"], network=network
    )
    if isinstance(found, Wait):
        # Whoever has to wait may have gone by then: the number does not stay on the screen.
        emptied = KnockForm()
        emptied.errors["__all__"] = emptied.error_class([_too_often(found)])
        return _ask(request, emptied, status=429, retry=found)
    return _sent(request, found)


def _ask(
    request: Any, form: KnockForm, asked: str = "", *, status: int = 200, retry: Wait | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "asked": asked or proof.question("door"),
        "bits": proof.bits("door"),
        "wait": proof.wait_seconds("door"),
        "way": _way(),
    }
    page = render(request, "registry/door/knock.html", context, status=status)
    if retry is not None:
        page.headers["Retry-After"] = str(retry.seconds)
    return page


def _sent(request: Any, found: Knock) -> HttpResponseBase:
    request.session[KNOCK] = str(found.pk)
    return redirect("door:code")


@login_not_required
@require_http_methods(["GET", "POST"])
@_unhurried
def code(request: Any) -> HttpResponseBase:
    """The code out of the message. A wrong one, one too late and one that never went out read alike."""
    knocked = request.session.get(KNOCK)
    if knocked is None:
        return redirect("door:knock")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = services.enter(UUID(knocked), form.cleaned_data["code"])
        if user is not None:
            return _welcome(request, user, services.assurance_of(UUID(knocked)), "sms")
        form.add_error("code", _("验证码不正确，或已经失效。连续输错须重新获取。"))
    return _ask_code(request, form)


def _ask_code(request: Any, form: CodeForm, *, status: int = 200) -> HttpResponse:
    minutes = figures.number("code.seconds") // 60
    return render(request, "registry/door/code.html", {"form": form, "minutes": minutes}, status=status)


@login_not_required
@require_POST
@_unhurried
def again(request: Any) -> HttpResponseBase:
    """Another code for what was typed before."""
    knocked = request.session.get(KNOCK)
    network = network_of(client_address(request))
    found = services.knock_again(UUID(knocked), network) if knocked else None
    if found is None:
        return redirect("door:knock")
    if isinstance(found, Wait):
        form = CodeForm()
        form.errors["__all__"] = form.error_class([_too_often(found)])
        page = _ask_code(request, form, status=429)
        page.headers["Retry-After"] = str(found.seconds)
        return page
    messages.info(request, _("如信息与登记一致，新的验证码已发送，先前的不再有效。"))
    return _sent(request, found)


@login_not_required
@require_GET
def oidc_begin(request: Any) -> HttpResponseBase:
    """To the state's own sign-in. A link and no form: a form may lead to nowhere but us."""
    if not oidc.offered():
        raise Http404
    try:
        return oidc.begin(request)  # type: ignore[no-any-return]
    except oidc.NotProved as error:
        return _not_proved(request, error)


@login_not_required
@require_GET
def oidc_back(request: Any) -> HttpResponseBase:
    """Back from there, with proof of who this is, or without."""
    if not oidc.offered():
        raise Http404
    try:
        user = services.enter_as(oidc.number_of(request))
    except oidc.NotProved as error:
        return _not_proved(request, error)
    if user is None:
        return render(request, "registry/door/not_proved.html", {"proved": True}, status=404)
    return _welcome(request, user, 2, "oidc")


def _not_proved(request: Any, error: oidc.NotProved) -> HttpResponse:
    logger.warning("state sign-in refused: %s", error)
    return render(request, "registry/door/not_proved.html", {"proved": False}, status=400)


def _welcome(request: Any, user: User, assurance: int, factor: str) -> HttpResponseBase:
    login(request, user, backend=_BACKEND)
    request.session.pop(KNOCK, None)
    request.session[keys.ASSURANCE] = assurance
    device = request.headers.get("User-Agent", "")
    sessions.begin(request.session, user, address=client_address(request), device=device, second_factor=False)
    with acting_user(user, request.request_id):
        accounts.signed_in(user, factor=factor)
    return redirect("people:me")


@require_GET
@requires("person.raise_level")
def level(request: Any) -> HttpResponse:
    """How sure we are of who this is, what that opens, and the ways to more."""
    scope = request.scope
    person = people.person(scope, scope.person_id) if scope.kind == "own" else None
    held = queries.verification(scope, person) if person else None
    return render(
        request,
        "registry/door/level.html",
        {"level": request.actor.assurance, "held": held, "way": _way(), "menu": "people:me"},
    )


@require_GET
@requires("person.watch_door")
def watch(request: Any) -> HttpResponse:
    """Numbers tried with other names, and sign-ins by telephones of many."""
    return render(
        request,
        "registry/door/watch.html",
        {
            "rows": queries.watched(request.scope),
            "days": figures.number("door.watch_days"),
            "menu": "people:list",
        },
    )


@require_http_methods(["GET", "POST"])
@requires("person.verify_identity")
def verify(request: Any, person_id: UUID) -> HttpResponseBase:
    """A clerk has the person and their document before them."""
    person = people.person(request.scope, person_id)
    if person is None:
        raise Http404
    phones = {str(each.pk): each for each in person.phones.defer("sealed").order_by("-created_at")}
    form = VerifyForm(request.POST or None, phones=[(key, each.mask) for key, each in phones.items()])
    if request.method == "POST" and form.is_valid():
        chosen = phones.get(form.cleaned_data["phone"])
        services.verify_in_person(
            person, phone=chosen, new_phone=form.cleaned_data["new_phone"], actor=request.user
        )
        messages.success(request, _("已记录现场核验。"))
        return redirect("people:detail", person.pk)
    held = queries.verification(request.scope, person)
    context = {"form": form, "person": person, "held": held, "menu": "people:list"}
    return render(request, "registry/door/verify.html", context)


def _way() -> str:
    """What the state's sign-in is called here; empty where there is none."""
    return str(settings.OIDC_NAME) if oidc.offered() else ""


def _soon(seconds: int) -> str:
    return ngettext("请在 %(n)d 秒后再提交。", "请在 %(n)d 秒后再提交。", seconds) % {"n": seconds}


def _too_often(wait: Wait) -> str:
    if wait.seconds < 120:
        return _("请求过于频繁，请在 %(n)d 秒后再试。") % {"n": wait.seconds}
    return _("请求过于频繁，请在 %(n)d 分钟后再试。") % {"n": -(-wait.seconds // 60)}
