"""What the pages of certificates and of measures ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import answers
from certificates.issuance.measures import Line
from certificates.issuance.models import Certificate
from registry.lib.fields import DayInput

_ALL = ("", _("全部"))
# A number, its reason and a note: as two cells or three are pasted from a table, or written with blanks between.
_PARTS = re.compile(r"[\t,;]\s*|\s+")


class CertificateFilter(forms.Form):
    """The filter row of the list. Every field may be left out; what is wrong is left out as well."""

    number = forms.CharField(label=_("证书编号"), required=False, max_length=40)
    answer = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[
            _ALL,
            ("valid", answers.WORDS[answers.Answer.VALID]),
            ("suspended", answers.WORDS[answers.Answer.SUSPENDED]),
            ("revoked", answers.WORDS[answers.Answer.REVOKED]),
            ("ended", answers.WORDS[answers.Answer.ENDED]),
            (answers.UNCONFIRMED, answers.REPORTED),
        ],
    )
    family = forms.ChoiceField(
        label=_("证书类别"), required=False, choices=[_ALL, *Certificate.Family.choices]
    )
    since = forms.DateField(label=_("发证日期自"), required=False, widget=DayInput())
    until = forms.DateField(label=_("至"), required=False, widget=DayInput())


class ActForm(forms.Form):
    """Why one certificate is suspended, restored or revoked."""

    reason = forms.ChoiceField(label=_("原因"), error_messages={"required": _("请选择原因。")})
    note = forms.CharField(
        label=_("说明"),
        required=False,
        max_length=200,
        help_text=_("写明依据或文号；请勿填写身份证号码等个人信息。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, reasons: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["reason"]).choices = [("", _("请选择")), *reasons.items()]


class ReissueForm(ActForm):
    """Why a certificate is given anew, and what is put right besides the person's own facts."""

    occupation_code = forms.CharField(
        label=_("改为职业编码"), required=False, max_length=20, help_text=_("不改的留空。")
    )
    occupation_name = forms.CharField(label=_("改为职业"), required=False, max_length=120)
    direction = forms.CharField(label=_("改为工种（职业方向）"), required=False, max_length=120)

    def changes(self) -> dict[str, str]:
        names = ("occupation_code", "occupation_name", "direction")
        return {name: self.cleaned_data[name].strip() for name in names if self.cleaned_data[name].strip()}


class ListForm(forms.Form):
    """Many certificates, each on a line with its reason."""

    reason = forms.ChoiceField(label=_("原因"), required=False, help_text=_("各行没有另写原因时用这个原因。"))
    lines = forms.CharField(
        label=_("证书编号"),
        strip=False,
        help_text=_(
            "每行一本：证书编号、原因、说明，用制表符、逗号或空格隔开；可从表格中选中几列直接粘贴。原因和说明可以不写。"
        ),
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": _("请填写证书编号。")},
    )
    note = forms.CharField(
        label=_("整单说明"),
        required=False,
        max_length=300,
        help_text=_("写明依据或文号；请勿填写身份证号码等个人信息。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, reasons: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["reason"]).choices = [("", _("各行分别写明")), *reasons.items()]

    def clean_lines(self) -> list[Line]:
        lines = []
        for text in self.cleaned_data["lines"].splitlines():
            number, *rest = _PARTS.split(text.strip(), maxsplit=2)
            if number:
                lines.append(Line(number, *rest))
        if not lines:
            raise ValidationError(_t("请填写证书编号。"))
        return lines

    def asked(self) -> list[Line]:
        """The lines, each with the reason of the list where it has none of its own."""
        common = self.cleaned_data["reason"]
        return [line if line.reason else line._replace(reason=common) for line in self.cleaned_data["lines"]]
