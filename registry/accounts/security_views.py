"""What the holder of an account keeps in order by themselves: password, second factor, sessions."""

from __future__ import annotations

import json
import time
from typing import Any

from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts import devices, factors, passwords, sessions
from registry.accounts import session_keys as keys
from registry.accounts.forms import CodeForm, PasskeyForm, PasswordForm
from registry.accounts.models import User
from registry.accounts.policy import NeedsConfirmation, confirmed, requires
from registry.accounts.stages import FACTOR, PASSWORD, open_at
from registry.accounts.views import WRONG_CODE, locked_out
from registry.lib.web import HtmxHttpRequest

SECRET = "new_app_secret"


def _user(request: HtmxHttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@open_at(PASSWORD, FACTOR)
@requires("session.manage")
def password(request: HtmxHttpRequest) -> HttpResponse:
    """Another password, by whoever knows the present one."""
    user = _user(request)
    form = PasswordForm(user, request.POST or None)
    if until := factors.shut(user):
        request.shut_until = until  # type: ignore[attr-defined]
        return locked_out(request)
    if form.is_valid():
        try:
            passwords.change(user, form.cleaned_data["new_password1"], keep=request.session.session_key)
        except ValidationError as error:
            form.add_error("new_password1", error)
        else:
            old = request.session.session_key
            update_session_auth_hash(request, user)
            sessions.moved(old, request.session.session_key)
            messages.success(request, _("密码已更改。其他设备上的登录已全部退出。"))
            return redirect("home")
    elif "old_password" in form.errors and request.POST.get("old_password"):
        factors.count_wrong(user)
    context = {"form": form, "must": passwords.must_be_changed(user), "aged": not user.must_change}
    return render(request, "registry/accounts/password.html", context)


@require_GET
@open_at(FACTOR)
@requires("session.manage")
def second_factor(request: HtmxHttpRequest) -> HttpResponse:
    """What the account has; for whoever has nothing yet, the choice with which one begins."""
    user = _user(request)
    held = list(factors.factors_of(user))
    inside = bool(request.session.get(keys.SECOND_FACTOR))
    if held and not inside:
        # Set up elsewhere since this session gave its password: it must come in anew, with it.
        logout(request)
        return redirect("accounts:sign-in")
    context = {
        "held": held,
        "left": factors.recovery_codes_left(user),
        "has_app": any(one.type == factors.Type.TOTP for one in held),
    }
    page = "second_factor" if inside else "second_factor_first"
    return render(request, f"registry/accounts/{page}.html", context)


@require_http_methods(["GET", "POST"])
@open_at(FACTOR)
@requires("session.manage")
def app(request: HtmxHttpRequest) -> HttpResponse:
    """An app that shows codes: its secret as a picture and as text, taken into use with a code of it."""
    user = _user(request)
    _fresh(request, user)
    form = CodeForm(request.POST or None)
    secret = factors.sealed_secret(user, request.session.get(SECRET) if request.method == "POST" else None)
    request.session[SECRET] = secret.sealed
    if form.is_valid():
        if factors.add_app(user, secret.text, form.cleaned_data["code"]):
            del request.session[SECRET]
            return _added(request, user)
        form.add_error("code", str(WRONG_CODE))
    address, picture = factors.app_address(user, secret.text)
    return render(
        request,
        "registry/accounts/app.html",
        {"form": form, "secret": secret.text, "address": address, "picture": picture},
    )


@require_http_methods(["GET", "POST"])
@open_at(FACTOR)
@requires("session.manage")
def passkey(request: HtmxHttpRequest) -> HttpResponse:
    """A passkey of this device or of a key in the hand."""
    user = _user(request)
    _fresh(request, user)
    form = PasskeyForm(request.POST or None)
    if form.is_valid():
        if factors.add_passkey(user, form.cleaned_data["name"], form.cleaned_data["credential"]):
            return _added(request, user)
        form.add_error(None, _("这把通行密钥没有通过核对，请再试一次。"))
    wish = json.dumps(factors.passkey_wish(user))
    return render(request, "registry/accounts/passkey.html", {"form": form, "wish": wish})


@require_POST
@requires("session.manage")
def remove(request: HtmxHttpRequest, pk: int) -> HttpResponse:
    """Take one factor away; the last one stays."""
    user = _user(request)
    _fresh(request, user)
    if factors.remove(user, pk):
        messages.success(request, _("已停用。"))
    else:
        messages.error(request, _("至少要保留一种第二重验证。请先添加另一种，再停用这一种。"))
    return redirect("accounts:second-factor")


@require_POST
@requires("session.manage")
def recovery_codes(request: HtmxHttpRequest) -> HttpResponse:
    """Ten new codes, shown in this answer and never again."""
    user = _user(request)
    _fresh(request, user)
    return _show_codes(request, user, first=False)


@require_GET
@requires("session.manage")
def sessions_page(request: HtmxHttpRequest) -> HttpResponse:
    """Where one is signed in."""
    rows = [
        {
            "session": one,
            "device": devices.name_of(one.user_agent),
            "here": one.session_key == request.session.session_key,
        }
        for one in sessions.sessions_of(_user(request))
    ]
    return render(request, "registry/accounts/sessions.html", {"rows": rows, "others": len(rows) > 1})


@require_POST
@requires("session.manage")
def end_session(request: HtmxHttpRequest) -> HttpResponse:
    """End one of one's sessions, or all others."""
    asked = request.POST.get("session", "")
    n = sessions.revoke(
        _user(request), pk=int(asked) if asked.isdigit() else None, keep=request.session.session_key
    )
    messages.success(request, _("已退出 %(n)s 处登录。") % {"n": n})
    return redirect("accounts:sessions")


def _fresh(request: HtmxHttpRequest, user: User) -> None:
    """Changing the second factor asks for a fresh proof; setting up the first one only for the password just given."""
    if factors.has_factor(user) and not confirmed(request.actor):
        raise NeedsConfirmation(_("更改第二重验证前须再次确认身份。"), "session.manage")


def _added(request: HtmxHttpRequest, user: User) -> HttpResponse:
    first = not request.session.get(keys.SECOND_FACTOR)
    if first:
        request.session[keys.SECOND_FACTOR] = True
        request.session[keys.CONFIRMED_AT] = time.time()
        sessions.cycle(request.session)
        sessions.end_sessions(user, keep=request.session.session_key)
    if factors.recovery_codes_left(user) is None:
        return _show_codes(request, user, first=first)
    messages.success(request, _("已启用。"))
    return redirect("accounts:second-factor")


def _show_codes(request: HtmxHttpRequest, user: User, *, first: bool) -> HttpResponse:
    context: dict[str, Any] = {"codes": factors.new_recovery_codes(user), "first": first}
    return render(request, "registry/accounts/recovery_codes.html", context)
