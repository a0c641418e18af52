"""What the trainees' door asks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry.door.services import DIGITS
from registry.identity import id_numbers
from registry.lib.phones import parse_phone
from registry.lib.text import halfwidth, squeeze

_SHORTEST = 5
_CITIZEN = 18


class KnockForm(forms.Form):
    """Name and number. What is wrong with them is judged by themselves, never by what the register holds."""

    name = forms.CharField(
        label=_("姓名"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("请填写姓名。")},
    )
    number = forms.CharField(
        label=_("证件号码"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        error_messages={"required": _("请填写证件号码。")},
    )

    def clean_number(self) -> str:
        typed = str(self.cleaned_data["number"])
        value = id_numbers.normalise(typed).value
        if len(value) < _SHORTEST:
            raise ValidationError(_("证件号码不完整，请对照证件填写。"))
        if len(value) == _CITIZEN and not id_numbers.check(value).ok:
            raise ValidationError(_("证件号码有误，请对照证件逐位核对。"))
        return typed


class CodeForm(forms.Form):
    """The code out of the message; blanks and full-width digits are forgiven."""

    code = forms.CharField(
        label=_("验证码"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("请填写短信里的验证码。")},
    )

    def clean_code(self) -> str:
        code = halfwidth(squeeze(str(self.cleaned_data["code"]))).replace(" ", "")
        if len(code) != DIGITS or not code.isdecimal():
            raise ValidationError(_("验证码是 %(n)d 位数字。") % {"n": DIGITS})
        return code


class VerifyForm(forms.Form):
    """What a clerk confirms with the person before them."""

    seen = forms.BooleanField(
        label=_("已查验证件原件，本人与证件相符"), error_messages={"required": _("须当面查验证件原件。")}
    )
    phone = forms.ChoiceField(label=_("当面确认的手机号码"), required=False)

    new_phone = forms.CharField(
        label=_("或登记新的手机号码"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("当面确认后马上可用；先前的号码会收到短信提醒。"),
    )

    def clean_new_phone(self) -> str:
        typed = str(self.cleaned_data["new_phone"])
        if not typed:
            return ""
        phone = parse_phone(typed)
        if phone is None:
            raise ValidationError(_("手机号码须为 11 位，请当面核对。"))
        return phone

    def __init__(self, *args: Any, phones: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        none = ("", _("不确认手机号码"))
        self.fields["phone"].choices = [*phones, none]  # type: ignore[attr-defined]
        self.fields["phone"].help_text = _(
            "请拨打该号码，或请本人出示手机。以后凭该号码登录的，认证级别为 2 级。"
        )
