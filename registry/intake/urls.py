"""Pages of intake, under /intake/."""

from __future__ import annotations

from django.urls import path

from registry.intake import views

app_name = "intake"

urlpatterns = [
    path("", views.batch_list, name="list"),
    path("new/", views.new, name="new"),
    path("template/<slug:kind>.xlsx", views.blank_workbook, name="template"),
    path("<uuid:batch_id>/", views.detail, name="detail"),
    path("<uuid:batch_id>/progress/", views.progress, name="progress"),
    path("<uuid:batch_id>/commit/", views.commit, name="commit"),
    path("<uuid:batch_id>/rows/<int:row>/", views.correct, name="correct"),
    path("<uuid:batch_id>/recheck/", views.recheck, name="recheck"),
    path("<uuid:batch_id>/cancel/", views.cancel, name="cancel"),
    path("<uuid:batch_id>/resume/", views.resume, name="resume"),
    path("<uuid:batch_id>/errors.xlsx", views.error_workbook, name="errors"),
]
