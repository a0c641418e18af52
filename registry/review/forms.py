"""What the pages of review ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

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


class AskForm(forms.Form):
    """What is to be done, and why; `choices` are the procedure's."""

    choice = forms.ChoiceField(label=_("内容"))
    reason = forms.CharField(
        label=_("事由"),
        min_length=6,
        max_length=200,
        help_text=_("至少 6 个字；请勿填写个人信息。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, choices: Sequence[tuple[str, Any]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["choice"]).choices = choices


class WithdrawForm(forms.Form):
    """The maker takes the state that the page shows back."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = forms.CharField(label=_("理由"), required=False, max_length=300)
