"""Bodies, their places, and the dated rules of evaluations in admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from certificates.evaluations.conditions import EVIDENCE, Demands
from certificates.evaluations.models import Body, ConditionPath, PassRule, Site
from registry.audit.tables import AuditedAdmin


class SiteInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Site
    extra = 0
    fields = ("name", "region", "address", "province_code", "serial", "valid_from", "valid_to")
    autocomplete_fields = ("region",)


@admin.register(Body)
class BodyAdmin(AuditedAdmin):
    list_display = ("filed_name", "kind", "prefix", "valid_from", "valid_to", "document_no")
    list_filter = ("kind", ("valid_to", admin.EmptyFieldListFilter))
    search_fields = ("filed_name", "=serial", "institution__name", "document_no")
    autocomplete_fields = ("institution",)
    inlines = (SiteInline,)


class PathForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a path demands is read as the rule engine will read it."""

    def clean_demands(self) -> Any:
        demands = self.cleaned_data["demands"]
        try:
            Demands.read(demands)
        except (ValueError, TypeError) as error:
            raise ValidationError(_("要求无法识别：%(error)s") % {"error": error}) from error
        return demands

    def clean_evidence(self) -> Any:
        evidence = self.cleaned_data["evidence"]
        if not isinstance(evidence, list) or not set(evidence) <= set(EVIDENCE):
            raise ValidationError(
                _("申报材料应为代码的列表，可用：%(codes)s") % {"codes": "、".join(EVIDENCE)}
            )
        return evidence


@admin.register(ConditionPath)
class ConditionPathAdmin(AuditedAdmin):
    form = PathForm
    list_display = ("code", "level", "occupation", "label", "valid_from", "valid_to", "document_no")
    list_filter = ("level", ("valid_to", admin.EmptyFieldListFilter))
    list_select_related = ("level", "occupation")
    search_fields = ("code", "label", "document_no")
    autocomplete_fields = ("occupation",)


@admin.register(PassRule)
class PassRuleAdmin(AuditedAdmin):
    list_display = (
        "level",
        "theory",
        "practice",
        "total",
        "theory_weight",
        "practice_weight",
        "valid_from",
        "valid_to",
    )
    list_select_related = ("level",)
