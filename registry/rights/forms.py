"""What the pages of rights ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry.lib.fields import DayInput
from registry.people import amending
from registry.rights.corrections import AMENDED
from registry.rights.models import ConsentText, Correction


class CorrectionForm(forms.Form):
    """Which fact is wrong, what should stand there, and why."""

    fact = forms.ChoiceField(label=_("哪一项不对"), choices=Correction.Fact.choices)
    record = forms.ChoiceField(
        label=_("是哪一条记录"),
        required=False,
        help_text=_("培训、证书、补贴不对时选择；个人信息不对时不选。"),
    )
    proposed = forms.CharField(label=_("应当是"), max_length=200, help_text=_("加密保存，只给办理人看。"))
    why = forms.CharField(
        label=_("理由和依据"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("例如：身份证上是这样写的；这期培训我没有参加。"),
    )

    def __init__(self, *args: Any, records: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["record"].choices = [("", _("不指某一条记录")), *records]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        fact, proposed = given.get("fact"), given.get("proposed")
        if fact in AMENDED:
            given["record"] = ""
            if proposed:
                try:
                    given["proposed"] = amending.checked(AMENDED[Correction.Fact(fact)], proposed)
                except ValidationError as error:
                    self.add_error("proposed", error)
        return given


class AnswerForm(forms.Form):
    """Yes or no, and the answer that the asker reads."""

    APPROVE, REFUSE = "approve", "refuse"

    outcome = forms.ChoiceField(choices=[(APPROVE, _("同意更正")), (REFUSE, _("不予更正"))])
    text = forms.CharField(
        label=_("答复"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("申请人会看到；不予更正的须说明理由。"),
        error_messages={"required": _("请写明答复，申请人会看到。")},
    )


class PaperForm(forms.Form):
    """Consents signed on paper: which text, where the papers lie, when they were signed."""

    text = forms.ChoiceField(label=_("同意书"))
    reference = forms.CharField(
        label=_("纸质材料编号"), max_length=60, help_text=_("编号或存放处，例如：T-01 班同意书第 1 册。")
    )
    given_on = forms.DateField(label=_("签署日期"), widget=DayInput())
    people = forms.TypedMultipleChoiceField(
        label=_("学员"), coerce=UUID, error_messages={"required": _("请至少勾选一人。")}
    )

    def __init__(self, *args: Any, texts: list[ConsentText], people: list[UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].choices = [(text.pk, f"{text.title} v{text.version}") for text in texts]  # type: ignore[attr-defined]
        self.fields["people"].choices = [(str(pk), str(pk)) for pk in people]  # type: ignore[attr-defined]


class RefusalForm(forms.Form):
    """Why a record is not erased; the person reads it."""

    answer = forms.CharField(
        label=_("不予删除的理由"),
        max_length=300,
        error_messages={"required": _("请写明理由，申请人会看到。")},
    )


class HoldForm(forms.Form):
    """For whose sake a record may not go."""

    reason = forms.CharField(label=_("文号或案号"), max_length=100, help_text=_("不写姓名和号码。"))
