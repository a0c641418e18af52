"""In and out."""

from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse

from registry.accounts import services
from registry.accounts.forms import SignInForm
from registry.accounts.models import User


class SignIn(LoginView):
    """User name and password; then to where one was going."""

    template_name = "registry/accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        user = form.get_user()
        if isinstance(user, User):
            services.signed_in(user)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        services.sign_in_refused(str(form.cleaned_data.get("username") or ""))
        return super().form_invalid(form)


class SignOut(LogoutView):
    """Ends the session; by POST only, so that no link or picture can do it."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if isinstance(request.user, User):
            services.signed_out(request.user)
        return super().post(request, *args, **kwargs)
