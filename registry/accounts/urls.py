"""Pages of accounts, under /accounts/."""

from __future__ import annotations

from django.urls import path

from registry.accounts import security_views, views

app_name = "accounts"

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="sign-in"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("second-step/", views.second_step, name="second-step"),
    path("confirm/", views.confirm, name="confirm"),
    path("password/", security_views.password, name="password"),
    path("second-factor/", security_views.second_factor, name="second-factor"),
    path("second-factor/app/", security_views.app, name="second-factor-app"),
    path("second-factor/passkey/", security_views.passkey, name="second-factor-passkey"),
    path("second-factor/<int:pk>/remove/", security_views.remove, name="second-factor-remove"),
    path("second-factor/codes/", security_views.recovery_codes, name="recovery-codes"),
    path("sessions/", security_views.sessions_page, name="sessions"),
    path("sessions/end/", security_views.end_session, name="end-session"),
]
