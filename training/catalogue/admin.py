"""The catalogue in admin."""

from __future__ import annotations

from django.contrib import admin

from registry.audit.tables import AuditedAdmin, TableAdmin
from training.catalogue.models import AgeLimit, Project, Threshold
from training.catalogue.resources import ProjectResource


@admin.register(Project)
class ProjectAdmin(TableAdmin):
    resource_classes = (ProjectResource,)
    list_display = (
        "code",
        "version",
        "name",
        "kind",
        "fund",
        "unit",
        "region",
        "valid_from",
        "valid_to",
        "demo",
    )
    list_filter = ("kind", "fund", "demo", ("valid_to", admin.EmptyFieldListFilter))
    list_select_related = ("region",)
    search_fields = ("code", "name", "document_no")
    autocomplete_fields = ("region",)


@admin.register(AgeLimit)
class AgeLimitAdmin(AuditedAdmin):
    list_display = ("region", "sex", "minimum", "maximum", "valid_from", "valid_to", "document_no")
    list_select_related = ("region",)
    autocomplete_fields = ("region",)


@admin.register(Threshold)
class ThresholdAdmin(AuditedAdmin):
    list_display = ("code", "value", "valid_from", "valid_to", "document_no")
    search_fields = ("code",)
