"""What may be trained and attested: occupations by edition of the dictionary, and the eight levels."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class OccupationKind(models.TextChoices):
    """Whether a name comes from the national dictionary or is one ability published by a province."""

    NATIONAL = "national", _("国家职业")
    SPECIAL = "special", _("专项职业能力")


class OccupationEdition(models.TextChoices):
    """The same code means different jobs in different editions, so an edition is half of the key."""

    DICTIONARY_2022 = "2022", _("职业分类大典2022年版")
    LOCAL = "local", _("地方发布")


class Occupation(models.Model):
    """One occupation (职业) or single ability (专项职业能力) of one edition."""

    edition = models.CharField(_("版本"), max_length=10, choices=OccupationEdition.choices)
    code = models.CharField(_("职业编码"), max_length=20, db_collation="C")
    name = models.CharField(_("职业名称"), max_length=120)
    kind = models.CharField(
        _("类别"), max_length=10, choices=OccupationKind.choices, default=OccupationKind.NATIONAL
    )
    category = models.CharField(_("大类"), max_length=80, blank=True, help_text=_("职业分类大典的大类名称"))
    group = models.CharField(
        _("常用分组"), max_length=30, blank=True, help_text=_("常用职业的分组；空表示不常用")
    )
    green = models.BooleanField(_("绿色职业"), default=False)
    digital = models.BooleanField(_("数字职业"), default=False)
    active = models.BooleanField(_("可选用"), default=True, help_text=_("停用后旧班级不变，新班级不能再选"))

    class Meta:
        db_table = "occupations_occupation"
        verbose_name = _("职业")
        verbose_name_plural = _("职业")
        ordering: ClassVar = ["edition", "code", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["edition", "code", "name"],
                name="occupations_occupation_once",
                violation_error_message=_("这一版本中已有相同编码和名称的职业。"),
            ),
            models.CheckConstraint(
                condition=~Q(edition="2022") | Q(code__regex=r"^[1-8]-[0-9]{2}-[0-9]{2}-[0-9]{2}$"),
                name="occupations_occupation_code_shape",
                violation_error_message=_("职业分类大典的编码应形如 6-18-02-04。"),
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(code=""),
                name="occupations_occupation_named",
                violation_error_message=_("职业编码和职业名称都不能为空。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class OccupationAlias(models.Model):
    """A wording that somebody mapped to an occupation by hand: for one provider, or for everyone."""

    name_key = models.CharField(_("名称索引"), max_length=160, help_text=_("规范化后的名称，见职业名称规则"))
    institution = models.ForeignKey(
        "registry.Institution",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="occupation_aliases",
        verbose_name=_("机构"),
        help_text=_("空表示对所有机构有效"),
    )
    occupation = models.ForeignKey(Occupation, models.CASCADE, related_name="aliases", verbose_name=_("职业"))
    created_at = models.DateTimeField(_("建立时间"), auto_now_add=True)

    class Meta:
        db_table = "occupations_alias"
        verbose_name = _("职业别名")
        verbose_name_plural = _("职业别名")
        ordering: ClassVar = ["name_key"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name_key", "institution"],
                nulls_distinct=False,
                name="occupations_alias_once",
                violation_error_message=_("该机构已经为这个名称指定了职业。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name_key


class SkillLevel(models.Model):
    """One of the eight grades (新八级工). Sort by `rank`: the printed code runs backwards."""

    rank = models.PositiveSmallIntegerField(_("位次"), primary_key=True, help_text=_("1学徒工……8首席技师"))
    code = models.CharField(
        _("证书编号中的等级代码"),
        max_length=1,
        null=True,
        blank=True,
        unique=True,
        help_text=_("5至1；学徒工、特级技师、首席技师的字母由主管部门确定后填写"),
    )
    name = models.CharField(_("等级名称"), max_length=20, unique=True)
    short_name = models.CharField(_("简称"), max_length=10, unique=True)
    high_skilled = models.BooleanField(_("属高技能人才"), default=False)

    class Meta:
        db_table = "occupations_skilllevel"
        verbose_name = _("技能等级")
        verbose_name_plural = _("技能等级")
        ordering: ClassVar = ["rank"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(rank__gte=1, rank__lte=8),
                name="occupations_skilllevel_rank",
                violation_error_message=_("技能等级只有1至8位。"),
            ),
            models.CheckConstraint(
                condition=Q(code__isnull=True) | Q(code__regex=r"^[1-5A-Z]$"),
                name="occupations_skilllevel_code",
                violation_error_message=_("等级代码应为1至5的数字或一个大写字母。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name
