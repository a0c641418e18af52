"""Reference tables in and out of admin as spreadsheets: one manner for every room, each import an action.

A file is imported as a whole or not at all. Columns are headed in Chinese; relations are written by their
natural key, choices by their label. What an export writes, an import takes back without changing a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from import_export import resources, widgets
from import_export.admin import ImportExportModelAdmin
from import_export.formats.base_formats import CSV, XLSX

from registry.audit.services import record
from registry.lib.xlsx import is_like_formula

_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]0?0:00:00)?$")


def cell_text(value: Any) -> str:
    """A cell as text: whole numbers without a decimal point, outer blanks gone, nothing for an empty cell."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


class TextWidget(widgets.Widget):  # type: ignore[misc]
    """Text; with `null`, an empty cell is NULL instead of an empty text."""

    def __init__(self, *, null: bool = False) -> None:
        super().__init__()
        self.null = null

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> str | None:
        text = cell_text(value)
        if text.startswith("'") and is_like_formula(text):
            text = text[1:]
        return text or (None if self.null else "")

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        text = "" if value is None else str(value)
        # What a spreadsheet would run is text with an apostrophe before it.
        return f"'{text}" if is_like_formula(text) else text


class NumberWidget(widgets.Widget):  # type: ignore[misc]
    """A whole number; an empty cell is NULL."""

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> int | None:
        text = cell_text(value)
        if not text:
            return None
        if not re.fullmatch(r"[0-9]+", text):
            raise ValueError(_("“%(value)s”不是整数。") % {"value": text})
        return int(text)


class DayWidget(widgets.Widget):  # type: ignore[misc]
    """A date, written 2026-01-31; an empty cell is NULL."""

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        text = cell_text(value)
        if not text:
            return None
        try:
            if match := _DAY.match(text):
                return date(*map(int, match.groups()))
        except ValueError:
            pass
        raise ValueError(_("“%(value)s”不是日期，应形如 2026-01-31。") % {"value": text})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class YesNoWidget(widgets.Widget):  # type: ignore[misc]
    """是 or 否; an empty cell is 否."""

    WORDS = {"是": True, "1": True, "TRUE": True, "否": False, "0": False, "FALSE": False, "": False}

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> bool:
        text = cell_text(value).upper()
        if text not in self.WORDS:
            raise ValueError(_("“%(value)s”应为“是”或“否”。") % {"value": text})
        return self.WORDS[text]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "是" if value else "否"


class ChoiceWidget(widgets.Widget):  # type: ignore[misc]
    """A code list, shown by its labels; codes are taken as well."""

    def __init__(self, choices: type[models.TextChoices] | type[models.IntegerChoices]) -> None:
        super().__init__()
        self.choices = choices

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        text = cell_text(value)
        if not text:
            return None
        for choice in self.choices:
            if text in (str(choice.label), str(choice.value)):
                return choice.value
        allowed = "、".join(str(choice.label) for choice in self.choices)
        raise ValueError(_("“%(value)s”不在可选范围内：%(allowed)s。") % {"value": text, "allowed": allowed})

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None or value == "" else str(self.choices(value).label)


class KeyWidget(widgets.Widget):  # type: ignore[misc]
    """A row of another table by its natural key, which may lie in several columns of the sheet.

    `columns` maps a field of the other model to the heading that holds it; an empty first column is NULL.
    The other table is read once for a file, so that a long file does not ask for each of its rows.
    """

    def __init__(self, model: type[models.Model], columns: Mapping[str, str]) -> None:
        super().__init__()
        self.model, self.columns = model, dict(columns)
        self.known: dict[tuple[str, ...], models.Model] | None = None

    def forget(self) -> None:
        """Read the other table anew when it is next needed."""
        self.known = None

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> models.Model | None:
        given = row or {}
        cells = [self.key_of(field, cell_text(given.get(name))) for field, name in self.columns.items()]
        if not cells[0]:
            return None
        key = tuple(cells)
        if self.known is None:
            self.known = {self._key(other): other for other in self.model._default_manager.all()}
        if key not in self.known:
            # It may be a row that this very file has just brought.
            found = self.model._default_manager.filter(**dict(zip(self.columns, key, strict=True))).first()
            if found is None:
                what = self.model._meta.verbose_name
                shown = " ".join(filter(None, key))
                raise ValueError(_("没有%(what)s“%(key)s”。") % {"what": what, "key": shown})
            self.known[key] = found
        return self.known[key]

    def key_of(self, field: str, text: str) -> str:
        """What a cell is compared by; rooms may fold spellings or labels here."""
        return text

    def _key(self, other: models.Model) -> tuple[str, ...]:
        return tuple(str(getattr(other, field)) for field in self.columns)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        if value is None:
            return ""
        return str(TextWidget().render(getattr(value, next(iter(self.columns)))))


class PlainDiff(resources.Diff):  # type: ignore[misc]
    """What a row would change to, with <ins> and <del> as they are: pages hold no style of their own."""

    def as_html(self) -> list[SafeString]:
        # The cells come escaped, so no quotation mark of theirs can stand in a tag.
        return [mark_safe(re.sub(r'<(ins|del) style="[^"]*">', r"<\1>", html)) for html in super().as_html()]


class TableResource(resources.ModelResource):  # type: ignore[misc]
    """Base of the rooms' resources: a subclass declares fields and, in Meta, model, fields and import ids.

    `related` names the relations that an export writes, so that it reads them with the rows.
    """

    related: ClassVar[tuple[str, ...]] = ()

    def get_diff_class(self) -> type[PlainDiff]:
        return PlainDiff

    class Meta:
        abstract = True
        skip_unchanged = True
        report_skipped = True
        clean_model_instances = True
        use_transactions = True

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return queryset.select_related(*self.related) if self.related else queryset

    def import_data(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        # A file with one wrong row changes nothing: a clerk can then hand in the same file again.
        kwargs["rollback_on_validation_errors"] = True
        return super().import_data(dataset, *args, **kwargs)

    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        for field in self.fields.values():
            if isinstance(field.widget, KeyWidget):
                field.widget.forget()
        headings = [self.fields[name].column_name for name in self.get_import_id_fields()]
        missing = [heading for heading in headings if heading not in (dataset.headers or [])]
        if missing:
            raise ValidationError(_("缺少列：%(columns)s。") % {"columns": "、".join(missing)})

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> Any:
        try:
            return super().get_instance(instance_loader, row)
        except ValueError:
            # The cell is wrong in itself; reading the columns will say so, naming column and reason.
            return None

    def import_instance(self, instance: Any, row: Mapping[str, Any], **kwargs: Any) -> None:
        errors: dict[str, list[ValidationError]] = {}
        try:
            super().import_instance(instance, row, **kwargs)
        except ValidationError as wrong:
            errors = wrong.update_error_dict({})
        for field in self.get_import_fields():
            if field.readonly or cell_text(row.get(field.column_name, "-")):
                continue
            column = self._meta.model._meta.get_field(field.attribute)
            if column.has_default():
                setattr(instance, field.attribute, column.get_default())
            elif not (column.null or column.blank):
                message = _("“%(column)s”不能为空。") % {"column": field.column_name}
                errors[field.attribute] = [ValidationError(message)]
        if errors:
            raise ValidationError(errors)

    def after_import(self, dataset: Any, result: Any, **kwargs: Any) -> None:
        changed = {kind: result.totals[kind] for kind in ("new", "update", "delete") if result.totals[kind]}
        if kwargs.get("dry_run") or not changed or result.has_errors() or result.has_validation_errors():
            return
        self.after_change()
        model = self._meta.model
        record(
            code=f"{model._meta.db_table.split('_')[0]}.import",
            actor=kwargs.get("user"),
            subject_type=model._meta.model_name,
            n=sum(changed.values()),
            after=changed,
        )

    def after_change(self) -> None:
        """What depends on the rows as a whole is brought in line here, within the same transaction."""


class AuditedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """A table in admin of which every change is an action."""

    policy = "reference.edit"
    show_full_result_count = False
    list_per_page = 50

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            self.after_change()
            self._record(request.user, "change" if change else "add", [obj.pk], sorted(form.changed_data))

    def delete_model(self, request: Any, obj: Any) -> None:
        with transaction.atomic():
            pk = obj.pk
            super().delete_model(request, obj)
            self.after_change()
            self._record(request.user, "delete", [pk])

    def delete_queryset(self, request: Any, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            pks = list(queryset.values_list("pk", flat=True))
            super().delete_queryset(request, queryset)
            self.after_change()
            self._record(request.user, "delete", pks)

    def after_change(self) -> None:
        """What depends on the table as a whole is brought in line here."""

    def _record(self, user: Any, verb: str, pks: list[Any], columns: Iterable[str] = ()) -> None:
        options = self.model._meta
        record(
            code=f"{options.db_table.split('_')[0]}.{verb}",
            actor=user,
            subject_type=options.model_name,
            subject_id=pks[0] if len(pks) == 1 else "",
            n=len(pks),
            after={"columns": list(columns)} if columns else {"ids": pks[:1000]},
        )


class TableAdmin(AuditedAdmin, ImportExportModelAdmin):  # type: ignore[misc]
    """A reference table in admin: export and import as xlsx or csv as well, each of them an action."""

    formats = (XLSX, CSV)
    # With a byte order mark Excel takes Chinese csv for what it is.
    from_encoding = "utf-8-sig"
    to_encoding = "utf-8-sig"

    def export_action(self, request: Any) -> Any:
        """The library's page has styles and handlers of its own, which our pages do not hold."""
        answer = super().export_action(request)
        if hasattr(answer, "add_post_render_callback"):
            answer.add_post_render_callback(_without_styles)
        return answer

    def get_export_data(self, file_format: Any, request: Any, queryset: Any, **kwargs: Any) -> Any:
        data = super().get_export_data(file_format, request, queryset, **kwargs)
        options = self.model._meta
        with transaction.atomic():
            record(
                code=f"{options.db_table.split('_')[0]}.export",
                actor=request.user,
                subject_type=options.model_name or "",
                n=queryset.count(),
                after={"format": file_format.get_title()},
            )
        return data


def _without_styles(answer: Any) -> None:
    # What stands on the page as data is escaped, so only the library's own attributes look like this.
    answer.content = re.sub(rb'\s(?:style|on[a-z]+)="[^"]*"', b"", answer.content)
