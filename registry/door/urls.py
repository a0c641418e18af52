"""The trainees' door, under /door/."""

from __future__ import annotations

from django.urls import path

from registry.door import views

app_name = "door"

urlpatterns = [
    path("", views.knock, name="knock"),
    path("code/", views.code, name="code"),
    path("again/", views.again, name="again"),
    path("state/", views.oidc_begin, name="oidc"),
    path("state/back/", views.oidc_back, name="oidc-back"),
    path("level/", views.level, name="level"),
    path("watch/", views.watch, name="watch"),
    path("verify/<uuid:person_id>/", views.verify, name="verify"),
]
