"""What is asked of whoever prints, notes a sheet, or moves what stands on a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.printing.layouts import Layout
from certificates.printing.models import PrintCopy
from certificates.printing.services import REASONS


class PrintForm(forms.Form):
    """On which paper, in which languages."""

    first_stock = forms.CharField(
        label=_("起始流水码"),
        max_length=40,
        required=False,
        help_text=_("第一张证书纸上印的流水码，以后逐张加一。普通纸打印时留空。"),
    )
    excess = forms.CharField(
        label=_("超量原因"),
        required=False,
        max_length=200,
        help_text=_("领用的证书纸超过合格人数的规定比例时必填。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    bilingual = forms.BooleanField(label=_("中英对照"), required=False)
    preprinted = forms.BooleanField(
        label=_("套打"), required=False, help_text=_("证书纸上已印好边框和栏目名称，只打印填写内容。")
    )


class SheetForm(forms.Form):
    """What became of a sheet."""

    state = forms.ChoiceField(
        label=_("处理"),
        choices=[
            (PrintCopy.State.SPOILED.value, PrintCopy.State.SPOILED.label),
            (PrintCopy.State.RETURNED.value, PrintCopy.State.RETURNED.label),
        ],
    )
    reason = forms.ChoiceField(
        label=_("原因"), choices=[(code, words) for code, words in REASONS.items() if code != "skipped"]
    )


class AdjustForm(forms.Form):
    """From when the new version holds, and what changed."""

    valid_from = forms.DateField(
        label=_("起用日期"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("请填写新版式的起用日期。"),
            "invalid": _("请按 2026-05-11 的写法填写日期。"),
        },
    )
    note = forms.CharField(
        label=_("调整说明"), max_length=200, error_messages={"required": _("请写明调整了什么、为什么。")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["valid_from"].initial = timezone.localdate


#: What can be moved: attribute and what it is called.
NUMBERS = (("x", _("左")), ("y", _("上")), ("size", _("字号")), ("width", _("宽")))


def places(layout: Layout, posted: Mapping[str, str]) -> tuple[dict[str, dict[str, float]], list[str]]:
    """The numbers that were typed for each element, and the names of fields that hold none."""
    found: dict[str, dict[str, float]] = {}
    wrong: list[str] = []
    for element in layout.elements:
        for name, _label in NUMBERS:
            typed = posted.get(f"{element.id}.{name}", "").strip()
            if not typed:
                continue
            try:
                value = float(typed)
            except ValueError:
                wrong.append(f"{element.id}.{name}")
                continue
            if not -1000 < value < 1000:
                wrong.append(f"{element.id}.{name}")
            elif value != getattr(element, name):
                found.setdefault(element.id, {})[name] = value
    return found, wrong
