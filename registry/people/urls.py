"""Pages of people, under /people/."""

from __future__ import annotations

from django.urls import path

from registry.people import views

app_name = "people"

urlpatterns = [
    path("", views.person_list, name="list"),
    path("me/", views.me, name="me"),
    path("me/readers/", views.my_readers, name="my_readers"),
    path("matches/", views.matches, name="matches"),
    path("<uuid:person_id>/", views.detail, name="detail"),
    path("<uuid:person_id>/readers/", views.readers, name="readers"),
    path("<uuid:person_id>/reveal/", views.reveal, name="reveal"),
]
