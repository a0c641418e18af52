"""The forms at the door."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User


class SignInForm(AuthenticationForm):
    """User name and password. One answer for a wrong name, a wrong password and a closed account."""

    error_messages = {
        "invalid_login": _("用户名或密码不正确。请核对后再试；忘记密码请联系本单位管理员重置。"),
        "inactive": _("用户名或密码不正确。请核对后再试；忘记密码请联系本单位管理员重置。"),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("用户名")
        self.fields["password"].label = _("密码")
        self.fields["username"].error_messages["required"] = _("请填写用户名。")
        self.fields["password"].error_messages["required"] = _("请填写密码。")


class CodeForm(forms.Form):
    """A code of the app or a recovery code; or what a passkey answered, which a script fills in."""

    code = forms.CharField(
        label=_("验证码"),
        max_length=20,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )
    credential = forms.JSONField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("code") and not data.get("credential"):
            self.add_error("code", _("请填写验证码。"))
        return data


class ConfirmForm(CodeForm):
    """The same with the password, asked of somebody who is in already."""

    password = forms.CharField(
        label=_("密码"),
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": _("请填写密码。")},
    )
    field_order = ("password", "code", "credential")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.pop("autofocus", None)


class PasskeyForm(forms.Form):
    """The name of a new passkey, and what the browser made."""

    name = forms.CharField(label=_("名称"), max_length=40, initial=_("通行密钥"))
    credential = forms.JSONField(
        widget=forms.HiddenInput, error_messages={"required": _("浏览器没有返回通行密钥，请再试一次。")}
    )


class PasswordForm(SetPasswordForm):  # type: ignore[type-arg]
    """The present password once, the new one twice."""

    old_password = forms.CharField(
        label=_("当前密码"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": _("请填写当前密码。")},
    )
    field_order = ("old_password", "new_password1", "new_password2")
    error_messages = {"password_mismatch": _("两次填写的新密码不一致。")}

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields["new_password1"].label = _("新密码")
        self.fields["new_password2"].label = _("再填一次新密码")
        self.fields["new_password1"].help_text = _(
            "至少 12 个字符，不能与姓名、用户名相近，也不能是最近用过的。"
        )

    def clean_old_password(self) -> str:
        old = str(self.cleaned_data["old_password"])
        if not self.user.check_password(old):
            raise ValidationError(_("当前密码不正确。"))
        return old
