"""Pages of the auditor, under /inspection/."""

from __future__ import annotations

from django.urls import path

from registry.inspection import views

app_name = "inspection"

urlpatterns = [
    path("", views.home, name="home"),
    path("acts/", views.acts, name="acts"),
    path("export.zip", views.export, name="export"),
    path("verify_registry.py", views.script, name="script"),
    path("checks/", views.start, name="start"),
    path("checks/<int:check_id>/", views.check, name="check"),
]
