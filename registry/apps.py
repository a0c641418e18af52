"""The registry app: who, where, what, and the tools that every stage shares."""

from __future__ import annotations

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "registry"
    verbose_name = "登记"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from registry.config import (
            checks,  # noqa: F401  (registers them)
            home,
        )

        home.register_all()
