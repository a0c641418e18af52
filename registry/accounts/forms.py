"""The form at the door."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


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

    def tried_username(self) -> str:
        """What was given as the user name."""
        return str(self.cleaned_data.get("username") or "")
