"""Why and how far people's data may be read: reasons and limits as dated rows."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ReadingReason(models.Model):
    """A reason that may be given for revealing a number or for an export, under a code, for a span of days."""

    code = models.CharField(_("代码"), max_length=20, db_collation="C")
    label = models.CharField(_("事由"), max_length=40)
    for_reveal = models.BooleanField(_("可用于查看号码"), default=False, db_default=False)
    for_export = models.BooleanField(_("可用于导出"), default=False, db_default=False)
    place = models.PositiveSmallIntegerField(_("排序"), default=0, db_default=0)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        db_table = "exports_readingreason"
        verbose_name = _("查看事由")
        verbose_name_plural = _("查看事由")
        ordering: ClassVar = ["place", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="exports_readingreason_once",
                violation_error_message=_("同一事由在这一天已有规定。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="exports_readingreason_period",
                violation_error_message=_("截止日期不能早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class ReadingLimit(models.Model):
    """A number that bounds reading, under a code, for a span of days. The codes stand in ``docs/rooms/exports.md``."""

    code = models.CharField(_("代码"), max_length=40, db_collation="C")
    value = models.PositiveIntegerField(_("数值"))
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据文号"), max_length=80, blank=True)

    class Meta:
        db_table = "exports_readinglimit"
        verbose_name = _("查看限额")
        verbose_name_plural = _("查看限额")
        ordering: ClassVar = ["code", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="exports_readinglimit_once",
                violation_error_message=_("同一限额在这一天已有规定。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="exports_readinglimit_period",
                violation_error_message=_("截止日期不能早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}={self.value}"
