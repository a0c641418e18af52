"""What the pages of review ask."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from registry.review.models import Outcome


class DecisionForm(forms.Form):
    """What is decided on the state of the case that the page shows."""

    step = forms.CharField(widget=forms.HiddenInput, max_length=40)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(
        label=_("理由"),
        required=False,
        max_length=300,
        help_text=_("退回或不通过时必填；请勿填写身份证号码等个人信息。"),
        widget=forms.TextInput(attrs={"list": "usual-reasons", "autocomplete": "off"}),
    )
    outcome = forms.ChoiceField(
        choices=[choice for choice in Outcome.choices if choice[0] != Outcome.WITHDRAW],
        error_messages={"required": _("请选择通过、退回或不通过。")},
    )


class WithdrawForm(forms.Form):
    """The maker takes the state that the page shows back."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(label=_("理由"), required=False, max_length=300)
