"""The catalogue of projects as a spreadsheet."""

from __future__ import annotations

from import_export.fields import Field

from registry.audit.tables import (
    ChoiceWidget,
    DayWidget,
    KeyWidget,
    NumberWidget,
    TableResource,
    TextWidget,
    YesNoWidget,
)
from registry.regions.models import Region
from training.catalogue.codes import FundSource, SubsidyUnit, TrainingType
from training.catalogue.models import Project


class ProjectResource(TableResource):
    """One row one version of a project; code and version are the key."""

    related = ("region",)

    code = Field("code", "项目编码", TextWidget())
    version = Field("version", "版次", NumberWidget())
    name = Field("name", "项目名称", TextWidget())
    kind = Field("kind", "培训类型", ChoiceWidget(TrainingType))
    fund = Field("fund", "资金来源", ChoiceWidget(FundSource))
    unit = Field("unit", "补贴计量", ChoiceWidget(SubsidyUnit))
    region = Field("region", "适用地区代码", KeyWidget(Region, {"code": "适用地区代码"}))
    valid_from = Field("valid_from", "生效日期", DayWidget())
    valid_to = Field("valid_to", "截止日期", DayWidget())
    document_no = Field("document_no", "依据文号", TextWidget())
    demo = Field("demo", "示例数据", YesNoWidget())
    note = Field("note", "说明", TextWidget())

    class Meta(TableResource.Meta):
        model = Project
        fields = (
            "code",
            "version",
            "name",
            "kind",
            "fund",
            "unit",
            "region",
            "valid_from",
            "valid_to",
            "document_no",
            "demo",
            "note",
        )
        import_id_fields = ("code", "version")
