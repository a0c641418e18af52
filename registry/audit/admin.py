"""The record in the back office: to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest  # noqa: TID251  (admin is an interface)

from registry.audit.models import Action


@admin.register(Action)
class ActionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What was done, newest first. Nothing can be added, changed or deleted here, or anywhere."""

    policy = "audit.browse"
    policy_verbs = ("view",)

    list_display = ("at", "actor", "actor_role", "code", "subject_type", "subject_id", "n", "reason")
    list_filter = ("code", "actor_role")
    search_fields = ("=subject_id", "=request_id")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
