"""Pages of classes, under /classes/."""

from __future__ import annotations

from django.urls import path

from training.classes import views

app_name = "classes"

urlpatterns = [
    path("", views.class_list, name="list"),
    path("<int:class_id>/", views.detail, name="detail"),
]
