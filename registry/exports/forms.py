"""What is asked before rows leave the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ExportForm(forms.Form):
    """Why, and what for."""

    reason_code = forms.ChoiceField(
        label=_("导出事由"),
        error_messages={"required": _("请选择导出事由。"), "invalid_choice": _("请从所列事由中选择。")},
    )
    purpose = forms.CharField(
        label=_("具体用途"),
        min_length=6,
        max_length=200,
        error_messages={
            "required": _("请写明具体用途。"),
            "min_length": _("具体用途至少写 %(limit_value)d 个字。"),
        },
        help_text=_("写明报送何处、作何用，例如“报州人社局三季度培训统计”。不要写入学员姓名或号码。"),
    )

    def __init__(self, *args: Any, reasons: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason_code"].choices = [("", _("请选择")), *reasons.items()]  # type: ignore[attr-defined]
