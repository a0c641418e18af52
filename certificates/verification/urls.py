"""Pages of checking, under /v/: short, because they stand in every QR code, and for ever."""

from __future__ import annotations

from django.urls import path

from certificates.verification import list_views, share_views, views

app_name = "verification"

urlpatterns = [
    path("", views.home, name="home"),
    path("answer", views.answer, name="answer"),
    path("match", views.match, name="match"),
    path("offline", views.offline, name="offline"),
    path("worker.js", views.worker, name="worker"),
    path("list", list_views.check_list, name="list"),
    path("s/<str:token>", share_views.shared, name="shared"),
    path("mine/", share_views.mine, name="mine"),
    path("mine/<int:share_id>/", share_views.visits, name="visits"),
    path("mine/<int:share_id>/end/", share_views.end, name="end"),
    path("<slug:code>.json", views.code_json, name="code_json"),
    path("<slug:code>", views.code, name="code"),
]
