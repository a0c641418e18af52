"""Occupations and skill levels as spreadsheets."""

from __future__ import annotations

from import_export.fields import Field

from registry.audit.tables import (
    ChoiceWidget,
    KeyWidget,
    NumberWidget,
    TableResource,
    TextWidget,
    YesNoWidget,
)
from registry.occupations.models import Occupation, OccupationEdition, OccupationKind, SkillLevel


class OccupationKeyWidget(KeyWidget):
    """An occupation by edition, code and name, in the three columns that every sheet calls the same."""

    def __init__(self) -> None:
        super().__init__(Occupation, {"code": "职业编码", "edition": "职业版本", "name": "职业名称"})

    def key_of(self, field: str, text: str) -> str:
        if field == "edition" and text:
            return str(ChoiceWidget(OccupationEdition).clean(text))
        return text


class LevelKeyWidget(KeyWidget):
    """A level by its short name, its full name or its digit."""

    def __init__(self, heading: str = "等级") -> None:
        super().__init__(SkillLevel, {"short_name": heading})
        self.spellings: dict[str, str] | None = None

    def forget(self) -> None:
        super().forget()
        self.spellings = None

    def key_of(self, field: str, text: str) -> str:
        if self.spellings is None:
            rows = SkillLevel.objects.values_list("short_name", "name", "code")
            self.spellings = {spelling: row[0] for row in rows for spelling in row if spelling}
        return self.spellings.get(text, text)


class OccupationResource(TableResource):
    """One row an occupation; edition, code and name are the key."""

    edition = Field("edition", "版本", ChoiceWidget(OccupationEdition))
    code = Field("code", "职业编码", TextWidget())
    name = Field("name", "职业名称", TextWidget())
    kind = Field("kind", "类别", ChoiceWidget(OccupationKind))
    category = Field("category", "大类", TextWidget())
    group = Field("group", "常用分组", TextWidget())
    green = Field("green", "绿色职业", YesNoWidget())
    digital = Field("digital", "数字职业", YesNoWidget())
    active = Field("active", "可选用", YesNoWidget())

    class Meta(TableResource.Meta):
        model = Occupation
        fields = ("edition", "code", "name", "kind", "category", "group", "green", "digital", "active")
        import_id_fields = ("edition", "code", "name")


class SkillLevelResource(TableResource):
    """The eight grades."""

    rank = Field("rank", "位次", NumberWidget())
    code = Field("code", "等级代码", TextWidget(null=True))
    name = Field("name", "等级名称", TextWidget())
    short_name = Field("short_name", "简称", TextWidget())
    high_skilled = Field("high_skilled", "属高技能人才", YesNoWidget())

    class Meta(TableResource.Meta):
        model = SkillLevel
        fields = ("rank", "code", "name", "short_name", "high_skilled")
        import_id_fields = ("rank",)
