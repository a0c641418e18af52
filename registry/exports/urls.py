"""Pages of exports, under /exports/."""

from __future__ import annotations

from django.urls import path

from registry.exports import views

app_name = "exports"

urlpatterns = [
    path("", views.export_list, name="list"),
    path("alerts/", views.alert_list, name="alerts"),
    path("new/<slug:kind>/", views.new, name="new"),
    path("<uuid:export_id>/", views.detail, name="detail"),
    path("<uuid:export_id>/progress/", views.progress, name="progress"),
    path("<uuid:export_id>/file/", views.download, name="download"),
]
