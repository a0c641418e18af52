"""Plans and their numbers in admin. Roll-ups are not here: nobody edits them."""

from __future__ import annotations

from django.contrib import admin

from registry.audit.tables import AuditedAdmin, TableAdmin
from training.targets import services
from training.targets.models import Allocation, Discrepancy, Indicator, Plan, Target
from training.targets.resources import AllocationResource, IndicatorResource, PlanResource, TargetResource


@admin.register(Plan)
class PlanAdmin(TableAdmin):
    resource_classes = (PlanResource,)
    list_display = ("code", "name", "region", "dated", "period_from", "period_to")
    list_select_related = ("region",)
    search_fields = ("code", "name", "document_no")
    autocomplete_fields = ("region",)

    def after_change(self) -> None:
        services.rebuild_people()


@admin.register(Indicator)
class IndicatorAdmin(TableAdmin):
    resource_classes = (IndicatorResource,)
    list_display = ("code", "name", "plan", "event", "filter", "unit", "headline", "tracks_people")
    list_filter = ("plan", "event")
    list_select_related = ("plan",)
    search_fields = ("code", "name")

    def after_change(self) -> None:
        services.rebuild_people()


@admin.register(Target)
class TargetAdmin(TableAdmin):
    resource_classes = (TargetResource,)
    list_display = ("indicator", "item", "period", "printed", "unit", "kind", "nature", "place")
    list_filter = ("indicator__plan", "kind", "nature")
    list_select_related = ("indicator",)
    search_fields = ("indicator__code", "indicator__name", "item", "note")
    autocomplete_fields = ("indicator",)


@admin.register(Allocation)
class AllocationAdmin(TableAdmin):
    resource_classes = (AllocationResource,)
    list_display = ("indicator", "region", "year", "value", "document_no")
    list_filter = ("indicator", "year")
    list_select_related = ("indicator", "region")
    autocomplete_fields = ("indicator", "region")


@admin.register(Discrepancy)
class DiscrepancyAdmin(AuditedAdmin):
    list_display = ("number", "title")
    search_fields = ("title", "text")
    filter_horizontal = ("plans", "targets")
