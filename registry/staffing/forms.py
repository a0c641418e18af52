"""What the pages of staffing ask. Places are named as people name them and found again, never chosen by a number."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import INSTITUTION_ROLES, REGION_ROLES, Role
from registry.institutions.models import Institution
from registry.lib import figures
from registry.lib.fields import DayInput
from registry.regions.models import Region

GIVEN = [choice for choice in Role.choices if choice[0] not in (Role.PUB, Role.TRN)]


class StaffFilter(forms.Form):
    """The filter row of the list."""

    q = forms.CharField(label=_("用户名或姓名"), required=False, max_length=100)
    role = forms.ChoiceField(label=_("角色"), required=False, choices=[("", _("全部")), *GIVEN])
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("全部")), ("open", _("在用")), ("closed", _("停用"))]
    )


def _until() -> forms.DateField:
    return forms.DateField(
        label=_("截止日期"),
        widget=DayInput(),
        initial=lambda: timezone.localdate() + dt.timedelta(days=figures.number("staff.role_days") - 1),
        help_text=_("含当日；到期自动失效，可再授予。"),
        error_messages={"required": _("请写明截止日期。"), "invalid": _("日期请写成 2026-12-31。")},
    )


class AccountForm(forms.Form):
    """A new account; of a clerk of one's own institution with the end of the role."""

    username = forms.CharField(
        label=_("用户名"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("字母、数字和 @ . + - _；登录时使用，不能再改。"),
    )
    display_name = forms.CharField(
        label=_("姓名"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    id_number = forms.CharField(
        label=_("证件号码"),
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("一个账号属于一个自然人；号码加密保存，只用于核对是否同一人，任何页面都不再显示。"),
    )

    def __init__(self, *args: Any, clerk: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if clerk:
            self.fields["valid_to"] = _until()


class NumberForm(forms.Form):
    """Whose account it is, where nobody has said so yet."""

    id_number = AccountForm.base_fields["id_number"]


class ReasonForm(forms.Form):
    """Why an account is closed or reset, or a role ended."""

    reason = forms.CharField(
        label=_("事由"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("请写明事由。")},
    )


class GrantForm(forms.Form):
    """A role for an account. A principal gives the one role of a clerk at the own institution, and is asked less."""

    role = forms.ChoiceField(label=_("角色"), choices=GIVEN)
    institution = forms.CharField(
        label=_("机构"),
        required=False,
        max_length=200,
        help_text=_("机构类角色填写：机构全称或统一社会信用代码。"),
    )
    region = forms.CharField(
        label=_("区划"),
        required=False,
        max_length=60,
        help_text=_("区划类角色填写：区划代码或全称，如 653101。"),
    )
    valid_to = _until()
    reason = forms.CharField(
        label=_("事由"),
        max_length=200,
        help_text=_("如任命文件的文号；请勿填写个人信息。"),
        error_messages={"required": _("请写明事由。")},
    )

    def __init__(self, *args: Any, clerk: Role | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if clerk is not None:
            field = self.fields["role"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(clerk.value, clerk.label)]
            del self.fields["institution"], self.fields["region"]

    def clean_institution(self) -> Institution | None:
        text = self.cleaned_data["institution"].strip()
        if not text:
            return None
        found = list(Institution.objects.filter(Q(name=text) | Q(credit_code=text.upper()))[:2])
        if len(found) != 1:
            raise ValidationError(_t("没有找到这个机构，或不止一个；请用统一社会信用代码。"))
        return found[0]

    def clean_region(self) -> Region | None:
        text = self.cleaned_data["region"].strip()
        if not text:
            return None
        found = list(Region.objects.filter(Q(code=text) | Q(full_name=text))[:2])
        if len(found) != 1:
            raise ValidationError(_t("没有找到这个区划，请用区划代码。"))
        return found[0]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, roles, words in (
            ("institution", INSTITUTION_ROLES, _("这个角色须指定机构。")),
            ("region", REGION_ROLES, _("这个角色须指定区划。")),
        ):
            wanted = cleaned.get("role") in roles
            if name in self.fields and wanted and not cleaned.get(name) and name not in self.errors:
                self.add_error(name, words)
            if not wanted:
                cleaned[name] = None
        return cleaned


class SwitchForm(forms.Form):
    """In which of one's own roles to go on."""

    membership = forms.IntegerField(widget=forms.HiddenInput)
