"""Number rules in the back office: segments are typed as words, and what composes no number is refused."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import rules
from certificates.issuance.models import NumberRule
from registry.audit.tables import AuditedAdmin


class NumberRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """A rule with its segments as one line of words."""

    segments = forms.CharField(
        label=_("组成"),
        max_length=200,
        help_text=_(
            "用空格分开，序号在最后。text:专 固定文字，body 机构备案编码，institution:5 机构序号，region:6 区划，"
            "year:2 年份，level 等级代码，serial:6 序号。例：body year:2 level serial:6"
        ),
    )

    class Meta:
        model = NumberRule
        fields = (
            "code",
            "family",
            "name",
            "region_code",
            "segments",
            "valid_from",
            "valid_to",
            "document_no",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.segments:
            self.initial["segments"] = rules.written(self.instance.segments)

    def clean_segments(self) -> list[dict[str, Any]]:
        try:
            return rules.parse(self.cleaned_data["segments"])
        except ValueError:
            raise ValidationError(
                _t("组成不符合要求：须含机构（body 或 institution），位数在允许范围内，序号在最后。")
            ) from None

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("family") and found.get("valid_from"):
            other = rules.overlapping(
                found["family"],
                found.get("region_code") or "",
                found["valid_from"],
                found.get("valid_to"),
                but=self.instance.pk,
            )
            if other is not None:
                raise ValidationError(_t("与“%(rule)s”的期间重叠。") % {"rule": other})
        return found


@admin.register(NumberRule)
class NumberRuleAdmin(AuditedAdmin):
    form = NumberRuleForm
    list_display = ("code", "family", "name", "region_code", "valid_from", "valid_to", "document_no")
    list_filter = ("family",)
    search_fields = ("code", "name")
