"""What the page asks of whoever hands in a sheet or looks for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User
from registry.intake import kinds
from registry.intake.cells import plain
from registry.intake.corrections import Cell, Looked
from registry.intake.models import Batch

TAKEN = ".xlsx,.xlsm,.xls,.ods,.csv,.txt"


class UploadForm(forms.Form):
    """Kind, file, and what the kind asks beside the file. Fields of other kinds are ignored.

    `sheet` and `mapping` (fields `map.<column>`) come with a file that was refused for them once.
    """

    kind = forms.ChoiceField(label=_("表类"), widget=forms.RadioSelect)
    file = forms.FileField(
        label=_("文件"),
        widget=forms.FileInput(attrs={"accept": TAKEN}),
        help_text=_("支持 xlsx、xls、ods、csv；列的顺序和多余的列不影响识别。"),
        error_messages={"required": _("请选择文件。"), "empty": _("文件是空的，请检查后重新选择。")},
    )
    sheet = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.suggestions: list[tuple[str, Sequence[tuple[str, str]]]] = []
        self.kinds = kinds.for_user(user)
        choices = [(kind.key, kind.label) for kind in self.kinds]
        kind_field = self.fields["kind"]
        assert isinstance(kind_field, forms.ChoiceField)
        kind_field.choices = choices
        if choices:
            self.initial.setdefault("kind", choices[0][0])
        for kind in self.kinds:
            for ask in kind.asks:
                name = f"{kind.key}.{ask.key}"
                self.fields[name] = _field(name, ask, user)
                self.fields[name].needed = bool(ask.required)  # type: ignore[attr-defined]  # for the page
                if ask.suggestions:
                    self.suggestions.append((name, ask.suggestions(user)))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.INTAKE_MAX_BYTES:
            most = filesizeformat(settings.INTAKE_MAX_BYTES)
            raise forms.ValidationError(
                _t("文件超过 %(most)s。请拆分，或删去图片后再上传。") % {"most": most}
            )
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("kind")
        for kind in self.kinds:
            for ask in kind.asks:
                name = f"{kind.key}.{ask.key}"
                if kind.key == chosen and ask.required and not cleaned.get(name):
                    self.add_error(name, str(ask.required))
        return cleaned

    @property
    def options(self) -> dict[str, str]:
        """What was answered to the chosen kind's questions."""
        kind = kinds.get(self.cleaned_data["kind"])
        answers = {ask.key: self.cleaned_data.get(f"{kind.key}.{ask.key}") for ask in kind.asks}
        return {key: str(value) for key, value in answers.items() if value}

    @property
    def mapping(self) -> dict[str, str]:
        """Column key → heading as printed, where the reader could not tell by itself."""
        return {
            key.removeprefix("map."): str(value)[:100]
            for key, value in self.data.items()
            if key.startswith("map.") and value
        }

    def asked(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """(kind, its name, its questions as fields), for the page."""
        return [
            (kind.key, str(kind.label), [self[f"{kind.key}.{ask.key}"] for ask in kind.asks])
            for kind in self.kinds
            if kind.asks
        ]


def _field(key: str, ask: kinds.Ask, user: User) -> forms.Field:
    if ask.choices is not None:
        choices = [("", _("不指定")), *ask.choices(user)] if not ask.required else ask.choices(user)
        return forms.ChoiceField(
            label=str(ask.label), help_text=str(ask.help), required=False, choices=choices
        )
    widget = (
        forms.TextInput(attrs={"list": f"{key}-list", "autocomplete": "off"}) if ask.suggestions else None
    )
    return forms.CharField(
        label=str(ask.label), help_text=str(ask.help), required=False, max_length=200, widget=widget
    )


class CorrectionForm(forms.Form):
    """The cells of one row, those at fault first. A number that is kept hidden is typed anew, or left blank to stay."""

    LONGEST = 200

    seen = forms.IntegerField(label=_("更正次数"), min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, looked: Looked) -> None:
        super().__init__(data, initial={"seen": looked.version})
        self._cells = {f"cell.{cell.key}": cell for cell in looked.cells}
        for name, cell in self._cells.items():
            self.fields[name] = _cell_field(cell)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, text in self.typed_by_field().items():
            # What came may be longer than anybody types.
            if len(text) > self.LONGEST and text != self._cells[name].now:
                self.add_error(name, _t("最多 %(n)d 个字。") % {"n": self.LONGEST})
        return cleaned

    def typed_by_field(self) -> dict[str, str]:
        """What was typed, by field; a hidden number that was left blank is not among it."""
        found = {name: plain(self.cleaned_data.get(name) or "") for name in self._cells}
        return {name: text for name, text in found.items() if text or not self._cells[name].hidden}

    @property
    def typed(self) -> dict[str, str]:
        """The same by key of the column."""
        return {self._cells[name].key: text for name, text in self.typed_by_field().items()}

    def at_fault(self) -> list[forms.BoundField]:
        """Fields of the cells that are at fault or were corrected."""
        return [self[name] for name, cell in self._cells.items() if _stands_out(cell)]

    def others(self) -> list[forms.BoundField]:
        return [self[name] for name, cell in self._cells.items() if not _stands_out(cell)]


def _stands_out(cell: Cell) -> bool:
    return bool(cell.faults) or cell.corrected is not None


def _cell_field(cell: Cell) -> forms.Field:
    field = forms.CharField(
        label=cell.heading,
        help_text=_cell_help(cell),
        required=False,
        initial=cell.now,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field.faults = cell.faults  # type: ignore[attr-defined]  # for the page
    return field


def _cell_help(cell: Cell) -> str:
    came = cell.came or _t("空")
    if cell.corrected is not None:
        said = _t("原件：%(came)s；已更正为：%(now)s") % {"came": came, "now": cell.corrected or _t("空")}
    elif cell.hidden or cell.faults:
        said = _t("原件：%(came)s") % {"came": came}
    else:
        return ""
    return said + _t("；留空则不改") if cell.hidden else said


class BatchFilter(forms.Form):
    """The filter row of the list."""

    q = forms.CharField(label=_("文件名"), required=False, max_length=100)
    kind = forms.ChoiceField(label=_("表类"), required=False)
    state = forms.ChoiceField(
        label=_("状态"), required=False, choices=[("", _("全部")), *Batch.State.choices]
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [("", _("全部")), *((each.key, each.label) for each in kinds.every())]
