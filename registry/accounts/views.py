"""In and out: the password, the second factor, and proving both anew."""

from __future__ import annotations

import json
import time
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.mfa.stages import AuthenticateStage
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from registry.accounts import factors, held, services
from registry.accounts import session_keys as keys
from registry.accounts.forms import CodeForm, ConfirmForm, SignInForm
from registry.accounts.models import User
from registry.accounts.policy import requires
from registry.lib.web import HtmxHttpRequest

WRONG_CODE = _("验证码不正确，或已经用过。请用应用上新出现的一组再试。")


class SignIn(LoginView):
    """User name and password; then the second factor where there is one; then to where one was going."""

    template_name = "registry/accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        user = form.get_user()
        record_authentication(self.request, user, method="password")
        answer = perform_login(self.request, Login(user=user, redirect_url=self.get_success_url()))
        assert isinstance(answer, HttpResponse)
        return answer


class SignOut(LogoutView):
    """Ends the session; by POST only, so that no link or picture can do it."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if isinstance(request.user, User):
            services.signed_out(request.user, request.session.session_key)
        return super().post(request, *args, **kwargs)


def locked_out(
    request: Any, response: HttpResponse | None = None, credentials: object = None
) -> HttpResponse:
    """Too many wrong guesses: the same page whoever was guessed at, with the time at which one may go on."""
    return render(
        request,
        "registry/accounts/locked.html",
        {"until": getattr(request, "shut_until", None)},
        status=429,
    )


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "POST"])
def second_step(request: Any) -> HttpResponse:
    """The password was right; nobody is signed in yet."""
    user = request._login_stage.login.user
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            proved = _prove(user, form)
        except factors.TooManyTries as error:
            request.shut_until = error.until
            return locked_out(request)
        if proved is not None:
            record_authentication(request, user, method="mfa", id=proved.pk, type=str(proved.type))
            answer = request._login_stage.exit()
            assert isinstance(answer, HttpResponse)
            return answer
        form.add_error("code", str(WRONG_CODE))
    return render(request, "registry/accounts/second_step.html", _asking(user, form))


@require_http_methods(["GET", "POST"])
@requires("session.manage")
def confirm(request: HtmxHttpRequest) -> HttpResponse:
    """Password and second factor once more, for what asks for a fresh proof; then back to it."""
    user = request.user
    assert isinstance(user, User)
    form = ConfirmForm(request.POST or None)
    back = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure()):
        back = "/"
    if form.is_valid():
        try:
            # Both are looked at, so that the answer does not say which was wrong.
            known = user.check_password(form.cleaned_data["password"])
            proved = _prove(user, form, known=known)
        except factors.TooManyTries as error:
            request.shut_until = error.until  # type: ignore[attr-defined]
            return locked_out(request)
        if proved is not None:
            request.session[keys.CONFIRMED_AT] = time.time()
            services.confirmed(user)
            if kept := held.take(request.session, user):
                return render(request, "registry/accounts/confirmed.html", {"held": kept, "back": back})
            return HttpResponseRedirect(back)
        form.add_error(None, _("密码或验证码不正确。每组验证码只能用一次，请用新出现的一组再试。"))
    context = _asking(user, form) | {"next": back}
    return render(request, "registry/accounts/confirm.html", context)


def _prove(user: User, form: CodeForm, *, known: bool = True) -> Any:
    """The factor that the form proves, or None. A password that is not `known` to be right spoils the try."""
    if not known:
        factors.count_wrong(user)
        return None
    if form.cleaned_data.get("credential"):
        return factors.prove_by_passkey(user, form.cleaned_data["credential"])
    return factors.prove_by_code(user, form.cleaned_data["code"])


def _asking(user: User, form: CodeForm) -> dict[str, Any]:
    """What a page shows that asks for a second factor."""
    question = factors.passkey_question(user)
    return {
        "form": form,
        "has_app": factors.has_app(user),
        "question": question and json.dumps(question),
    }
