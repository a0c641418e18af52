"""Plans, indicators, numbers and targets handed down, as spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from import_export import widgets
from import_export.fields import Field

from registry.audit.tables import (
    ChoiceWidget,
    DayWidget,
    KeyWidget,
    NumberWidget,
    TableResource,
    TextWidget,
    YesNoWidget,
    cell_text,
)
from registry.regions.models import Region
from training.targets import services
from training.targets.counting import Filter
from training.targets.models import Allocation, Event, Indicator, Kind, Nature, Plan, RegionBasis, Target


class DecimalWidget(widgets.Widget):  # type: ignore[misc]
    """A number with decimals; an empty cell is NULL."""

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> Decimal | None:
        text = cell_text(value)
        try:
            return Decimal(text) if text else None
        except InvalidOperation:
            raise ValueError(_("“%(value)s”不是数。") % {"value": text}) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else f"{value.normalize():f}"


class FilterWidget(widgets.Widget):  # type: ignore[misc]
    """The condition of an indicator, as JSON; an empty cell asks nothing."""

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **kwargs: Any) -> dict[str, Any]:
        text = cell_text(value)
        try:
            stored = json.loads(text) if text else {}
            Filter.read(stored)
        except (ValueError, TypeError, AttributeError):
            raise ValueError(_("“%(value)s”不是口径条件。") % {"value": text}) from None
        return dict(stored)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


class PlanResource(TableResource):
    """One row one plan."""

    related = ("region",)

    code = Field("code", "代号", TextWidget())
    name = Field("name", "名称", TextWidget())
    document_no = Field("document_no", "文号", TextWidget())
    dated = Field("dated", "文件日期（所载）", TextWidget())
    document_date = Field("document_date", "文件日期", DayWidget())
    crawl_date = Field("crawl_date", "抓取日期", DayWidget())
    region = Field("region", "地区代码", KeyWidget(Region, {"code": "地区代码"}))
    period_from = Field("period_from", "起", DayWidget())
    period_to = Field("period_to", "止", DayWidget())
    note = Field("note", "说明", TextWidget())
    order = Field("order", "次序", NumberWidget())

    class Meta(TableResource.Meta):
        model = Plan
        fields = (
            "code",
            "name",
            "document_no",
            "dated",
            "document_date",
            "crawl_date",
            "region",
            "period_from",
            "period_to",
            "note",
            "order",
        )
        import_id_fields = ("code",)

    def after_change(self) -> None:
        services.rebuild_people()


class IndicatorResource(TableResource):
    """One row one indicator."""

    related = ("plan",)

    code = Field("code", "编号", TextWidget())
    plan = Field("plan", "规划代号", KeyWidget(Plan, {"code": "规划代号"}))
    name = Field("name", "指标", TextWidget())
    event = Field("event", "计数事件", ChoiceWidget(Event))
    region_basis = Field("region_basis", "地区归属", ChoiceWidget(RegionBasis))
    filter = Field("filter", "口径条件", FilterWidget())
    unit = Field("unit", "单位", TextWidget())
    headline = Field("headline", "看板主指标", YesNoWidget())
    tracks_people = Field("tracks_people", "逐人记录", YesNoWidget())
    order = Field("order", "次序", NumberWidget())

    class Meta(TableResource.Meta):
        model = Indicator
        fields = (
            "code",
            "plan",
            "name",
            "event",
            "region_basis",
            "filter",
            "unit",
            "headline",
            "tracks_people",
            "order",
        )
        import_id_fields = ("code",)

    def after_change(self) -> None:
        services.rebuild_people()


class TargetResource(TableResource):
    """One row one number of a plan."""

    related = ("indicator",)

    indicator = Field("indicator", "指标编号", KeyWidget(Indicator, {"code": "指标编号"}))
    part = Field("part", "序", NumberWidget())
    item = Field("item", "分项", TextWidget())
    period = Field("period", "时期", TextWidget())
    period_from = Field("period_from", "起", DayWidget())
    period_to = Field("period_to", "止", DayWidget())
    printed = Field("printed", "所载数", TextWidget())
    bound = Field("bound", "符号", TextWidget())
    value = Field("value", "数值", DecimalWidget())
    value_max = Field("value_max", "数值上限", DecimalWidget())
    unit = Field("unit", "单位", TextWidget())
    kind = Field("kind", "类型", ChoiceWidget(Kind))
    nature = Field("nature", "属性", ChoiceWidget(Nature))
    place = Field("place", "文中位置", TextWidget())
    note = Field("note", "附注", TextWidget())

    class Meta(TableResource.Meta):
        model = Target
        fields = (
            "indicator",
            "part",
            "item",
            "period",
            "period_from",
            "period_to",
            "printed",
            "bound",
            "value",
            "value_max",
            "unit",
            "kind",
            "nature",
            "place",
            "note",
        )
        import_id_fields = ("indicator", "part")


class AllocationResource(TableResource):
    """One row one target handed down to a division."""

    related = ("indicator", "region")

    indicator = Field("indicator", "指标编号", KeyWidget(Indicator, {"code": "指标编号"}))
    region = Field("region", "地区代码", KeyWidget(Region, {"code": "地区代码"}))
    year = Field("year", "年度", NumberWidget())
    value = Field("value", "目标数", NumberWidget())
    document_no = Field("document_no", "文号", TextWidget())

    class Meta(TableResource.Meta):
        model = Allocation
        fields = ("indicator", "region", "year", "value", "document_no")
        import_id_fields = ("indicator", "region", "year")
