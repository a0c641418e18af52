"""Institutions and filings in admin."""

from __future__ import annotations

from django.contrib import admin

from registry.audit.tables import TableAdmin
from registry.institutions.models import Filing, Institution, InstitutionAlias
from registry.institutions.resources import FilingResource, InstitutionResource


class AliasInline(admin.TabularInline):  # type: ignore[type-arg]
    model = InstitutionAlias
    extra = 0
    fields = ("name",)


class FilingInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Filing
    extra = 0
    fields = ("purpose", "occupation", "level", "valid_from", "valid_to", "document_no")
    autocomplete_fields = ("occupation",)


@admin.register(Institution)
class InstitutionAdmin(TableAdmin):
    resource_classes = (InstitutionResource,)
    list_display = ("name", "credit_code", "kind", "region", "active")
    list_filter = ("kind", "active")
    list_select_related = ("region",)
    search_fields = ("name", "=credit_code", "aliases__name")
    autocomplete_fields = ("region",)
    inlines = (AliasInline, FilingInline)


@admin.register(Filing)
class FilingAdmin(TableAdmin):
    resource_classes = (FilingResource,)
    list_display = ("institution", "purpose", "occupation", "level", "valid_from", "valid_to")
    list_filter = ("purpose", "level", ("valid_to", admin.EmptyFieldListFilter))
    list_select_related = ("institution", "occupation", "level")
    search_fields = ("institution__name", "occupation__name", "=occupation__code", "document_no")
    autocomplete_fields = ("institution", "occupation")
