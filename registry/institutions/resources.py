"""Institutions and their filings as spreadsheets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from import_export.fields import Field

from registry.audit.tables import (
    ChoiceWidget,
    DayWidget,
    KeyWidget,
    TableResource,
    TextWidget,
    YesNoWidget,
    cell_text,
)
from registry.identity import credit_codes
from registry.institutions.models import Filing, FilingPurpose, Institution, InstitutionAlias, InstitutionKind
from registry.lib.text import org_key
from registry.occupations.models import OccupationEdition
from registry.occupations.resources import LevelKeyWidget, OccupationKeyWidget
from registry.regions.models import Region

ALIAS_SEPARATOR = "；"


class InstitutionKeyWidget(KeyWidget):
    """An institution by its name, however its brackets and blanks are written."""

    def __init__(self) -> None:
        super().__init__(Institution, {"name_key": "机构名称"})

    def key_of(self, field: str, text: str) -> str:
        return org_key(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return str(TextWidget().render(value.name)) if value else ""


class CreditCodeWidget(TextWidget):
    """A unified social credit code, cleaned and checked; an empty cell is NULL."""

    def __init__(self) -> None:
        super().__init__(null=True)

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> str | None:
        code = credit_codes.normalise_code(cell_text(value)).value
        if code and (why := credit_codes.check(code).message):
            raise ValueError(why)
        return code or None


class InstitutionResource(TableResource):
    """One row an institution, its name the key; a column holds its other names between semicolons."""

    related = ("region",)

    name = Field("name", "机构名称", TextWidget())
    credit_code = Field("credit_code", "统一社会信用代码", CreditCodeWidget())
    kind = Field("kind", "机构类型", ChoiceWidget(InstitutionKind))
    region = Field("region", "区划代码", KeyWidget(Region, {"code": "区划代码"}))
    address = Field("address", "地址", TextWidget())
    licence_no = Field("licence_no", "办学许可证号", TextWidget())
    active = Field("active", "在目录内", YesNoWidget())
    aliases = Field(None, "别名", TextWidget(), readonly=True)

    class Meta(TableResource.Meta):
        model = Institution
        fields = ("name", "credit_code", "kind", "region", "address", "licence_no", "active", "aliases")
        import_id_fields = ("name",)

    def filter_export(self, queryset: Any, **kwargs: Any) -> Any:
        return super().filter_export(queryset, **kwargs).prefetch_related("aliases")

    def get_instance(self, instance_loader: Any, row: Mapping[str, Any]) -> Institution | None:
        key = org_key(cell_text(row.get("机构名称")))
        return Institution.objects.filter(name_key=key).first() if key else None

    def dehydrate_aliases(self, institution: Institution) -> str:
        return ALIAS_SEPARATOR.join(alias.name for alias in institution.aliases.all())

    def skip_row(self, instance: Institution, original: Institution, row: Any, errors: Any = None) -> bool:
        return super().skip_row(instance, original, row, errors) and not self._new_aliases(instance, row)

    def after_save_instance(self, instance: Institution, row: Any, **kwargs: Any) -> None:
        for name in self._new_aliases(instance, row):
            InstitutionAlias.objects.create(name=name, institution=instance)

    def _new_aliases(self, institution: Institution, row: Mapping[str, Any]) -> list[str]:
        """Names of the row that the institution does not go by yet; the file adds and never takes away."""
        given = {
            key: name.strip()
            for name in cell_text(row.get("别名")).replace(";", ALIAS_SEPARATOR).split(ALIAS_SEPARATOR)
            if (key := org_key(name))
        }
        if not given or institution.pk is None:
            return list(given.values())
        held = set(institution.aliases.values_list("name_key", flat=True))
        return [name for key, name in given.items() if key not in held]


class FilingResource(TableResource):
    """One row a filing; all columns but the last day and the document are the key."""

    related = ("institution", "occupation", "level")

    institution = Field("institution", "机构名称", InstitutionKeyWidget())
    purpose = Field("purpose", "用途", ChoiceWidget(FilingPurpose))
    edition = Field("occupation__edition", "职业版本", ChoiceWidget(OccupationEdition), readonly=True)
    occupation = Field("occupation", "职业编码", OccupationKeyWidget())
    occupation_name = Field("occupation__name", "职业名称", TextWidget(), readonly=True)
    level = Field("level", "等级", LevelKeyWidget())
    valid_from = Field("valid_from", "备案生效日期", DayWidget())
    valid_to = Field("valid_to", "备案截止日期", DayWidget())
    document_no = Field("document_no", "备案文号", TextWidget())

    class Meta(TableResource.Meta):
        model = Filing
        fields = (
            "institution",
            "purpose",
            "edition",
            "occupation",
            "occupation_name",
            "level",
            "valid_from",
            "valid_to",
            "document_no",
        )
        import_id_fields = ("institution", "purpose", "occupation", "level", "valid_from")
