"""What one may ask of the list of institutions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry.institutions.models import InstitutionKind
from registry.institutions.queries import places
from registry.lib.scope import Scope


class InstitutionFilter(forms.Form):
    """Name, place, kind and standing; every field may stay empty."""

    q = forms.CharField(
        label=_("机构"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"placeholder": _("名称、别名或统一社会信用代码")}),
    )
    region = forms.ChoiceField(label=_("所在地区"), required=False)
    kind = forms.ChoiceField(
        label=_("机构类型"), required=False, choices=[("", _("全部")), *InstitutionKind.choices]
    )
    active = forms.ChoiceField(
        label=_("目录状态"),
        required=False,
        choices=[("", _("全部")), ("1", _("在目录内")), ("0", _("已移出"))],
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        region = self.fields["region"]
        assert isinstance(region, forms.ChoiceField)
        region.choices = [("", _("全部")), *places(scope)]

    @property
    def asked(self) -> dict[str, Any]:
        """The filter as arguments of the query; nothing is filtered by a value that cannot be read."""
        given = self.cleaned_data if self.is_valid() else {}
        return {
            "text": given.get("q", ""),
            "region": given.get("region") or None,
            "kind": given.get("kind") or None,
            "active": {"1": True, "0": False}.get(given.get("active", "")),
        }
