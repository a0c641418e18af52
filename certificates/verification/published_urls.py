"""What is published about certificates, below /.well-known/."""

from __future__ import annotations

from django.urls import path

from certificates.verification import published_views as views

app_name = "wellknown"

urlpatterns = [
    path("jwks.json", views.jwks, name="jwks"),
    path("did.json", views.did, name="did"),
    path("certificate-status/index.json", views.status_index, name="status_index"),
    path("certificate-status/<int:status_list>/<slug:purpose>", views.status, name="status"),
]
