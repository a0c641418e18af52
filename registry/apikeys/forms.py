"""What is asked of whoever issues a key, or ends one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registry.apikeys.scopes import SCOPES
from registry.apikeys.services import clean_network
from registry.lib import figures


class IssueForm(forms.Form):
    """Purpose, scopes, whence, how long."""

    purpose = forms.CharField(
        label=_("用途"),
        max_length=40,
        help_text=_("例如：教务系统。同一用途可以有两把密钥并行，便于更换。"),
        error_messages={"required": _("请写明用途。")},
    )
    scopes = forms.MultipleChoiceField(
        label=_("范围"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("请选择密钥可以办理的事项。")},
    )
    networks = forms.CharField(
        label=_("来源地址"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一个地址或网段，只接受从这些地址来的请求。留空表示不限。"),
    )
    days = forms.IntegerField(label=_("有效天数"), min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        most = figures.number("apikey.days")
        self.fields["scopes"].choices = [(name, label) for name, (label, _actions) in SCOPES.items()]  # type: ignore[attr-defined]
        self.fields["days"].initial = most
        self.fields["days"].help_text = _("最长 %(n)d 天；到期前再签发一把，换上后吊销旧的。") % {"n": most}

    def clean_networks(self) -> list[str]:
        return [clean_network(line) for line in str(self.cleaned_data["networks"]).split()]


class RevokeForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=_("理由"), max_length=200, error_messages={"required": _("请写明吊销的理由。")}
    )
