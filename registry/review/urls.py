"""Pages of review, under /review/."""

from __future__ import annotations

from django.urls import path

from registry.review import views

app_name = "review"

urlpatterns = [
    path("", views.case_list, name="list"),
    path("ask/<slug:kind>/", views.ask, name="ask"),
    path("<uuid:case_id>/", views.detail, name="detail"),
    path("<uuid:case_id>/decide/", views.decide, name="decide"),
    path("<uuid:case_id>/withdraw/", views.withdraw, name="withdraw"),
]
