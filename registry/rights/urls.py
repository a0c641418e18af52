"""Pages of rights, under /rights/."""

from __future__ import annotations

from django.urls import path

from registry.rights import views

app_name = "rights"

urlpatterns = [
    path("", views.home, name="home"),
    path("corrections/", views.corrections, name="corrections"),
    path("corrections/new/", views.ask, name="ask"),
    path("corrections/new/<uuid:person_id>/", views.ask, name="ask-for"),
    path("corrections/<int:case_id>/", views.correction, name="correction"),
    path("corrections/<int:case_id>/answer/", views.answer, name="answer"),
    path("corrections/<int:case_id>/withdraw/", views.withdraw, name="withdraw"),
]
