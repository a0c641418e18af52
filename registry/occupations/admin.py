"""Occupations, their other names, and skill levels in admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from registry.audit.tables import AuditedAdmin, TableAdmin
from registry.occupations.models import Occupation, OccupationAlias, SkillLevel
from registry.occupations.resources import OccupationResource, SkillLevelResource
from registry.occupations.wording import occupation_key


@admin.register(Occupation)
class OccupationAdmin(TableAdmin):
    resource_classes = (OccupationResource,)
    list_display = ("code", "name", "edition", "kind", "group", "green", "digital", "active")
    list_filter = ("edition", "kind", "group", "active", "green", "digital")
    search_fields = ("code", "name")


@admin.register(SkillLevel)
class SkillLevelAdmin(TableAdmin):
    resource_classes = (SkillLevelResource,)
    list_display = ("rank", "code", "name", "short_name", "high_skilled")
    search_fields = ("name",)


@admin.register(OccupationAlias)
class OccupationAliasAdmin(AuditedAdmin):
    list_display = ("name_key", "institution", "occupation")
    list_select_related = ("institution", "occupation")
    search_fields = ("name_key",)
    autocomplete_fields = ("institution", "occupation")

    def save_model(self, request: Any, obj: OccupationAlias, form: Any, change: bool) -> None:
        obj.name_key = occupation_key(obj.name_key)
        super().save_model(request, obj, form, change)
