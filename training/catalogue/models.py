"""Subsidised training projects (培训项目), each version valid for a span of days."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.lib.dated import in_force
from registry.regions.models import Region
from training.catalogue.codes import FundSource, SubsidyUnit, TrainingType


class ProjectQuerySet(models.QuerySet["Project"]):
    def valid_on(self, day: date) -> ProjectQuerySet:
        """Versions in force on `day`; both ends are inclusive."""
        return self.filter(in_force(day))


class Project(models.Model):
    """One version of one project of the catalogue. A changed rule is a new row under the same code."""

    code = models.CharField(_("项目编码"), max_length=30, db_collation="C")
    version = models.PositiveSmallIntegerField(_("版次"), default=1)
    name = models.CharField(_("项目名称"), max_length=100)
    kind = models.CharField(_("培训类型"), max_length=12, choices=TrainingType.choices)
    fund = models.CharField(
        _("资金来源"), max_length=12, choices=FundSource.choices, default=FundSource.JIUYE
    )
    unit = models.CharField(
        _("补贴计量"), max_length=12, choices=SubsidyUnit.choices, default=SubsidyUnit.PERSON
    )
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("适用地区"),
        help_text=_("空表示不限地区"),
    )
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(
        _("截止日期"), null=True, blank=True, help_text=_("最后一个有效日；空表示现行")
    )
    document_no = models.CharField(_("依据文号"), max_length=80, blank=True)
    demo = models.BooleanField(
        _("示例数据"), default=False, help_text=_("随程序附带的示例，不是任何地区的政策")
    )
    note = models.CharField(_("说明"), max_length=200, blank=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        db_table = "catalogue_project"
        verbose_name = _("培训项目")
        verbose_name_plural = _("培训项目")
        ordering: ClassVar = ["code", "version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "version"],
                name="catalogue_project_version",
                violation_error_message=_("该项目的这一版次已经存在。"),
            ),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(valid_to__isnull=True),
                name="catalogue_project_one_current",
                violation_error_message=_("同一项目只能有一个未截止的版次，请先填写旧版次的截止日期。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="catalogue_project_period",
                violation_error_message=_("截止日期不能早于生效日期。"),
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1),
                name="catalogue_project_version_positive",
                violation_error_message=_("版次从1开始。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.code}）"


class AgeLimit(models.Model):
    """The ages a class may take, for one sex (empty: both), in one region (empty: all), for a span of days."""

    region = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("适用地区"),
        help_text=_("空表示不限地区"),
    )
    sex = models.CharField(
        _("性别"), max_length=1, blank=True, default="", help_text=_("M男 F女；空表示不分")
    )
    minimum = models.PositiveSmallIntegerField(_("最小年龄"), help_text=_("周岁，含"))
    maximum = models.PositiveSmallIntegerField(_("最大年龄"), help_text=_("周岁，含"))
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据文号"), max_length=80, blank=True)

    class Meta:
        db_table = "catalogue_agelimit"
        verbose_name = _("年龄规定")
        verbose_name_plural = _("年龄规定")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["region", "sex", "valid_from"],
                nulls_distinct=False,
                name="catalogue_agelimit_once",
                violation_error_message=_("同一地区、性别、生效日期的年龄规定已经存在。"),
            ),
            models.CheckConstraint(
                condition=Q(maximum__gte=F("minimum")),
                name="catalogue_agelimit_range",
                violation_error_message=_("最大年龄不能小于最小年龄。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sex or '*'} {self.minimum}-{self.maximum}"


class Threshold(models.Model):
    """A number that policy may change, under a code, for a span of days. The codes stand in ``docs/checks.md``."""

    code = models.CharField(_("代码"), max_length=40, db_collation="C")
    value = models.IntegerField(_("数值"))
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据文号"), max_length=80, blank=True)

    class Meta:
        db_table = "catalogue_threshold"
        verbose_name = _("界限值")
        verbose_name_plural = _("界限值")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="catalogue_threshold_once",
                violation_error_message=_("同一界限值在这一天已有规定。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.code}={self.value}"
