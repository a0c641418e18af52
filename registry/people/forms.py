"""What the pages of people ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from registry.people.revealing import Hidden


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


class RevealForm(forms.Form):
    """Which number, and why. Whoever looks at their own gives no reason."""

    field = forms.ChoiceField(
        label=_("要查看的号码"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("请选择要查看哪一个号码。"),
            "invalid_choice": _("没有这个号码，请重新选择。"),
        },
    )
    reason_code = forms.ChoiceField(
        label=_("查看事由"),
        error_messages={"required": _("请选择查看事由。"), "invalid_choice": _("请从所列事由中选择。")},
    )
    note = forms.CharField(
        label=_("具体说明"),
        max_length=200,
        error_messages={"required": _("请写明具体说明。")},
        help_text=_("写明因何事需要这个号码，例如“证书编号与台账不一致，核对证件”。不要写入号码本身。"),
    )

    def __init__(
        self,
        *args: Any,
        hidden: Sequence[Hidden],
        reasons: Mapping[str, str],
        note_characters: int,
        own: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._hidden = {each.key: each for each in hidden}
        self._note_characters = note_characters
        self.fields["field"].choices = [(each.key, f"{each.title} {each.mask}") for each in hidden]  # type: ignore[attr-defined]
        if own:
            del self.fields["reason_code"], self.fields["note"]
        else:
            self.fields["reason_code"].choices = [("", _("请选择")), *reasons.items()]  # type: ignore[attr-defined]

    @property
    def asked(self) -> Hidden:
        """What a valid form asks for."""
        return self._hidden[self.cleaned_data["field"]]

    def clean_note(self) -> str:
        note: str = self.cleaned_data["note"]
        if len(note) < self._note_characters:
            raise forms.ValidationError(_now("具体说明至少写 %(n)s 个字。") % {"n": self._note_characters})
        return note
