"""Pages of checking, under /v/: short, because they stand in every QR code, and for ever."""

from __future__ import annotations

from django.urls import path

from certificates.verification import views

app_name = "verification"

urlpatterns = [
    path("", views.home, name="home"),
    path("answer", views.answer, name="answer"),
    path("match", views.match, name="match"),
    path("offline", views.offline, name="offline"),
    path("worker.js", views.worker, name="worker"),
    path("<slug:code>.json", views.code_json, name="code_json"),
    path("<slug:code>", views.code, name="code"),
]
