"""The published log, at the addresses that C2SP gives it below /.well-known/registry-log/."""

from __future__ import annotations

from django.urls import path

from registry.audit import views

app_name = "log"

urlpatterns = [
    path("checkpoint", views.checkpoint, name="checkpoint"),
    path("vkey", views.vkey, name="vkey"),
    path("tile/<path:place>", views.tile, name="tile"),
]
