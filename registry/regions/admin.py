"""Divisions in admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from registry.audit.tables import TableAdmin
from registry.regions import services
from registry.regions.models import Region
from registry.regions.resources import RegionResource


@admin.register(Region)
class RegionAdmin(TableAdmin):
    """Divisions: a change of name or parent is carried to everything below."""

    resource_classes = (RegionResource,)
    list_display = ("code", "name", "level", "parent", "valid_from", "valid_to", "successor")
    list_filter = ("level", ("valid_to", admin.EmptyFieldListFilter))
    list_select_related = ("parent", "successor")
    search_fields = ("=code", "name", "full_name")
    autocomplete_fields = ("parent", "successor")
    readonly_fields = ("full_name",)
    ordering = ("code",)

    def save_model(self, request: Any, obj: Region, form: Any, change: bool) -> None:
        obj.full_name = (obj.parent.full_name if obj.parent else "") + obj.name
        super().save_model(request, obj, form, change)

    def after_change(self) -> None:
        services.tidy()
