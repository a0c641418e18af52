"""Subsidised training projects (培训项目), each version valid for a span of days."""
from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.regions.models import Region
from training.catalogue.codes import FundSource, SubsidyUnit, TrainingType


class ProjectQuerySet(models.QuerySet["Project"]):
    def valid_on(self, day: date) -> ProjectQuerySet:
        """Versions in force on `day`; both ends are inclusive."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)


class Project(models.Model):
    """One version of one project of the catalogue. A changed rule is a new row under the same code."""

    code = models.CharField(_("项目编码"), max_length=30, db_collation="C")
    version = models.PositiveSmallIntegerField(_("版次"), default=1)
    name = models.CharField(_("项目名称"), max_length=100)
    kind = models.CharField(_("培训类型"), max_length=12, choices=TrainingType.choices)
    fund = models.CharField(_("资金来源"), max_length=12, choices=FundSource.choices, default=FundSource.JIUYE)
    unit = models.CharField(
        _("补贴计量"), max_length=12, choices=SubsidyUnit.choices, default=SubsidyUnit.PERSON
    )
    region = models.ForeignKey(
        Region, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("适用地区"),
        help_text=_("空表示不限地区"),
    )
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True, help_text=_("最后一个有效日；空表示现行"))
    document_no = models.CharField(_("依据文号"), max_length=80, blank=True)
    demo = models.BooleanField(_("示例数据"), default=False, help_text=_("随程序附带的示例，不是任何地区的政策"))
    note = models.CharField(_("说明"), max_length=200, blank=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        db_table = "catalogue_project"
        verbose_name = _("培训项目")
        verbose_name_plural = _("培训项目")
        ordering = ["code", "version"]
        constraints = [
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
