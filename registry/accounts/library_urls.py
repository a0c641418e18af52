"""Pages under the names by which allauth asks for them; each is one of ours, and no other page of allauth's hangs."""

from __future__ import annotations

from django.urls import path

from registry.accounts import views

urlpatterns = [
    path("sign-in/", views.SignIn.as_view(), name="account_login"),
    path("second-step/", views.second_step, name="mfa_authenticate"),
]
