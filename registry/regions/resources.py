"""Divisions as a spreadsheet."""

from __future__ import annotations

from typing import Any

from import_export.fields import Field

from registry.audit.tables import ChoiceWidget, DayWidget, KeyWidget, TableResource, TextWidget
from registry.regions import services
from registry.regions.models import Region, RegionLevel


class RegionResource(TableResource):
    """One row a division, its code the key. The full name follows from the parents and is only shown."""

    related = ("parent", "successor")

    code = Field("code", "行政区划代码", TextWidget())
    name = Field("name", "名称", TextWidget())
    level = Field("level", "级别", ChoiceWidget(RegionLevel))
    parent = Field("parent", "上级区划代码", KeyWidget(Region, {"code": "上级区划代码"}))
    valid_from = Field("valid_from", "启用日期", DayWidget())
    valid_to = Field("valid_to", "停用日期", DayWidget())
    successor = Field("successor", "承继区划代码", KeyWidget(Region, {"code": "承继区划代码"}))

    class Meta(TableResource.Meta):
        model = Region
        fields = ("code", "name", "level", "parent", "valid_from", "valid_to", "successor")
        import_id_fields = ("code",)

    def import_instance(self, instance: Region, row: Any, **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        above = instance.parent.full_name if instance.parent else ""
        instance.full_name = above + instance.name

    def after_change(self) -> None:
        services.tidy()
