"""What is asked of whoever keeps blank paper."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.issuance.models import Certificate
from certificates.printing.supply import FATES
from registry.lib.fields import DayInput

_TYPED = forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
# Qualification certificates are recorded, not printed here.
FAMILIES = [
    (value, label) for value, label in Certificate.Family.choices if value not in ("qualification", "other")
]


def _count(label: Any, least: int = 1, **more: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        min_value=least,
        max_value=1_000_000,
        error_messages={"required": _("请填写张数。"), "invalid": _("请填写整数。")},
        **more,
    )


class RequestForm(forms.Form):
    """How many sheets of which kind are wanted."""

    family = forms.ChoiceField(label=_("证书类别"), choices=FAMILIES)
    quantity = _count(_("申领张数"))
    note = forms.CharField(
        label=_("用途说明"),
        required=False,
        max_length=200,
        help_text=_("如预计发证批次和人数；请勿填写个人信息。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class SendForm(forms.Form):
    """Which sheets are sent."""

    first = forms.CharField(
        label=_("起始流水码"),
        max_length=40,
        help_text=_("第一张纸上印的流水码，以后逐张加一。"),
        error_messages={"required": _("请填写起始流水码。")},
        widget=_TYPED,
    )
    count = _count(_("发出张数"))


class FateForm(forms.Form):
    """Blank sheets that cannot be printed on."""

    first = forms.CharField(
        label=_("起始流水码"),
        max_length=40,
        error_messages={"required": _("请填写起始流水码。")},
        widget=_TYPED,
    )
    count = _count(_("张数"), initial=1)
    reason = forms.ChoiceField(
        label=_("原因"), choices=[(code, words) for code, (_to, words) in FATES.items()]
    )


class CountForm(forms.Form):
    """What lies in the cupboard."""

    family = forms.ChoiceField(label=_("证书类别"), choices=FAMILIES)
    counted = _count(_("实盘空白张数"), 0)
    spoiled = _count(_("实盘待销毁张数"), 0)
    note = forms.CharField(
        label=_("差异说明"),
        required=False,
        max_length=200,
        help_text=_("与账面不一致时必填；短少的空白证书另按流水码登记为“盘点短少”。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class CloseForm(forms.Form):
    """When the sheets were destroyed."""

    done_on = forms.DateField(
        label=_("销毁日期"),
        widget=DayInput(),
        error_messages={"required": _("请填写销毁日期。"), "invalid": _("请按 2026-05-11 的写法填写日期。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["done_on"].initial = timezone.localdate
