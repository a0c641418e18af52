"""What the pages of people ask."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SearchForm(forms.Form):
    """A name, or a whole identity number (which never stands in an address)."""

    q = forms.CharField(label=_("姓名或完整证件号码"), required=False, max_length=100)


class DecisionForm(forms.Form):
    """One person or two, and why."""

    SAME, DIFFERENT = "same", "different"

    case = forms.IntegerField()
    answer = forms.ChoiceField(choices=[(SAME, _("是同一人，合并")), (DIFFERENT, _("不是同一人"))])
    reason = forms.CharField(
        label=_("理由"), max_length=200, error_messages={"required": _("请写明依据，例如已核对证件原件。")}
    )
