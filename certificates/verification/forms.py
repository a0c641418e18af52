"""What the public types: one box and a name; or a name and four characters."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.verification import asking
from registry.identity import id_numbers

_LINK = re.compile(r"/v/([0-9A-Za-z-]{16,24})")
_LONGEST = 600  # a link with its signed content


class AskForm(forms.Form):
    """A number with the holder's name; or a check code, or the link of a QR code, which need no name."""

    what = forms.CharField(
        label=_("证书编号、核验码或二维码链接"),
        max_length=_LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = forms.CharField(
        label=_("持证人姓名"),
        max_length=100,
        required=False,
        help_text=_("按编号查询时必填；按核验码查询时不用填。"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        what = found.get("what", "")
        link = _LINK.search(what)
        found["code"] = asking.code_of(link[1] if link else what)
        if not what or found["code"]:
            return found
        if id_numbers.check(what.strip().upper()).ok:
            # Not repeated on the page either.
            self.data = {"what": "", "name": self.data.get("name", "")}
            self.add_error("what", _t("不能按身份证号查询，请填写证书编号。"))
        elif not found.get("name"):
            self.add_error("name", _t("请填写证书上的姓名。"))
        return found


class MatchForm(forms.Form):
    """The full name and the last four of the identity number of whoever shows the certificate."""

    reference = forms.CharField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("姓名"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    last = forms.CharField(
        label=_("证件号码后四位"),
        min_length=4,
        max_length=4,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "text"}),
    )
