"""What is asked of whoever sets how numbers are composed and how long certificates hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import rules
from certificates.issuance.models import Certificate
from registry.lib.fields import DayInput

#: How many parts a number may have.
PARTS = 8
_NO_DAY = {"required": _("请填写生效日期。"), "invalid": _("请按 2026-05-11 的写法填写日期。")}
_NO_DOCUMENT = {"required": _("请写明依据的文件或文号。")}


class ValidityForm(forms.Form):
    """From when a family holds for how long."""

    family = forms.ChoiceField(label=_("证书类别"), choices=Certificate.Family.choices)
    months = forms.IntegerField(
        label=_("有效期（月）"),
        min_value=0,
        max_value=600,
        help_text=_("0 为长期有效。"),
        error_messages={"required": _("请填写月数，长期有效填 0。")},
    )
    valid_from = forms.DateField(label=_("生效日期"), widget=DayInput(), error_messages=_NO_DAY)
    document_no = forms.CharField(label=_("依据"), max_length=120, error_messages=_NO_DOCUMENT)


class RuleForm(forms.Form):
    """A rule of numbers, part by part."""

    family = forms.ChoiceField(label=_("证书类别"), choices=Certificate.Family.choices)
    region_code = forms.RegexField(
        r"\d{6}",
        label=_("适用区划"),
        required=False,
        help_text=_("六位区划代码，如 653100；空表示全国。"),
        error_messages={"invalid": _("请填写六位区划代码。")},
    )
    name = forms.CharField(
        label=_("规则名称"), max_length=60, error_messages={"required": _("请填写规则名称。")}
    )
    valid_from = forms.DateField(
        label=_("生效日期"),
        widget=DayInput(),
        error_messages=_NO_DAY,
        help_text=_("这一天以前的规则到前一天为止。"),
    )
    document_no = forms.CharField(label=_("依据"), max_length=120, error_messages=_NO_DOCUMENT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for at in range(1, PARTS + 1):
            self.fields[f"take_{at}"] = forms.ChoiceField(
                label=_t("第 %(n)s 段") % {"n": at}, required=False, choices=[("", "—"), *rules.PARTS.items()]
            )
            self.fields[f"with_{at}"] = forms.CharField(
                label=_t("第 %(n)s 段的文字或位数") % {"n": at}, required=False, max_length=12
            )

    def parts(self) -> list[tuple[Any, Any]]:
        """The fields of each part."""
        return [(self[f"take_{at}"], self[f"with_{at}"]) for at in range(1, PARTS + 1)]

    def clean(self) -> dict[str, Any]:
        """`segments`, as the rule keeps them."""
        found: dict[str, Any] = super().clean() or {}
        segments: list[dict[str, Any]] = []
        for at in range(1, PARTS + 1):
            take, said = found.get(f"take_{at}") or "", (found.get(f"with_{at}") or "").strip()
            if not take:
                continue
            if take == "text":
                segments.append({"take": take, "text": said.upper()})
            elif said:
                segments.append({"take": take, "digits": int(said) if said.isdecimal() else 0})
            else:
                segments.append({"take": take})
        try:
            rules.check(segments)
        except rules.BadRule:
            self.add_error(
                None,
                _t(
                    "组成不符合要求：须有机构备案编码或机构序号，流水号在最后；"
                    "年份 2 或 4 位，区划 2、4 或 6 位，机构序号 4 至 9 位，流水号 4 至 8 位，等级和备案编码不填位数。"
                ),
            )
        else:
            found["segments"] = segments
        return found


def initial(family: str) -> dict[str, Any]:
    """A form that begins with what holds today."""
    rule = rules.rule_for(family, "", timezone.localdate())
    found: dict[str, Any] = {"family": family}
    if rule is None:
        return found
    found["name"] = rule.name
    for at, part in enumerate(rule.segments, start=1):
        found[f"take_{at}"] = part["take"]
        found[f"with_{at}"] = part.get("text") or part.get("digits", "")
    return found
