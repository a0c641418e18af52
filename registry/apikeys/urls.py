"""Pages of API keys, under /apikeys/."""

from __future__ import annotations

from django.urls import path

from registry.apikeys import views

app_name = "apikeys"

urlpatterns = [
    path("", views.key_list, name="list"),
    path("new/", views.issue, name="issue"),
    path("<slug:kid>/revoke/", views.revoke, name="revoke"),
]
