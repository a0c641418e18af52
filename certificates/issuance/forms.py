"""What the pages of certificates and of measures ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import answers
from certificates.issuance.measure_columns import SPEC
from certificates.issuance.measures import Line
from certificates.issuance.models import Certificate
from registry.intake import short
from registry.lib import figures
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
            ("ending", _("即将到期")),
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


class ReportedFilter(forms.Form):
    """The filter row of the list of reported certificates."""

    number = forms.CharField(label=_("证书编号"), required=False, max_length=40)
    institution = forms.CharField(label=_("机构"), required=False, max_length=100)
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
        required=False,
        strip=False,
        help_text=_(
            "每行一本：证书编号、原因、说明，用制表符、逗号或空格隔开；可从表格中选中几列直接粘贴。原因和说明可以不写。"
        ),
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=_("或上传 xlsx、csv 文件"),
        required=False,
        help_text=_("第一行是表头：证书编号必须有，姓名、原因、说明可以没有。有文件时不看上面粘贴的内容。"),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.csv,.ods"}),
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

    def clean(self) -> dict[str, Any]:
        """`asked`: the lines of the file or of what was pasted, each with its own reason or the list's."""
        found: dict[str, Any] = super().clean() or {}
        if self.errors:
            return found
        file = found.get("file")
        try:
            lines = _of_file(file) if file else _of_text(found.get("lines") or "")
        except short.Refused as refused:
            self.add_error("file", str(refused))
            return found
        if not lines:
            self.add_error("lines", _t("请填写证书编号，或选择文件。"))
        common = found["reason"]
        found["asked"] = [line if line.reason else line._replace(reason=common) for line in lines]
        return found


def _of_text(text: str) -> list[Line]:
    lines = []
    for row, line in enumerate(text.splitlines(), start=1):
        number, reason, note = (*_PARTS.split(line.strip(), maxsplit=2), "", "")[:3]
        if number:
            lines.append(Line(number, reason, note, row=row))
    return lines


def _of_file(file: Any) -> list[Line]:
    """Raises short.Refused."""
    most_bytes, most_rows = (figures.number(f"certificates.measure_{each}") for each in ("bytes", "rows"))
    with short.on_disk(file.chunks()) as handle:
        rows = short.read(SPEC, handle, file.size, most_bytes=most_bytes, most_rows=most_rows)
    keys = [column.key for column in SPEC.columns]
    lines = []
    for row in rows:
        said = dict(zip(keys, row.texts, strict=True))
        lines.append(
            Line(said["checked_number"], said["reason"], said["note"], name=said["name"], row=row.no)
        )
    return lines
