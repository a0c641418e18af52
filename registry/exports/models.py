"""Exports of rows about people, who stands in them, and the reasons and limits under which people's data is read."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


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


class Export(models.Model):
    """One file of rows about people: who asked for it, why, what stands in it, and what became of it.

    ``asked`` is the filter (no personal data), ``rows`` what was counted when it was asked for and is never exceeded,
    ``done`` how many are written. Role and place are those in which it was asked for.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("待复核")
        QUEUED = "queued", _("待生成")
        MAKING = "making", _("生成中")
        READY = "ready", _("可下载")
        REFUSED = "refused", _("未批准")
        FAILED = "failed", _("生成失败")
        EXPIRED = "expired", _("已到期销毁")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("内容"), max_length=30, db_collation="C")
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("导出人"), on_delete=models.PROTECT, related_name="+"
    )
    membership_id = models.BigIntegerField(_("任职"), null=True, blank=True)
    role = models.CharField(_("角色"), max_length=3)
    place_name = models.CharField(_("所在单位或地区"), max_length=200, blank=True, default="")
    asked = models.JSONField(_("条件"), default=dict)
    reason = models.CharField(_("事由"), max_length=20, db_collation="C")
    purpose = models.CharField(_("用途"), max_length=200)
    rows = models.PositiveIntegerField(_("行数"))
    done = models.PositiveIntegerField(_("已写行数"), default=0, db_default=0)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices)
    case_id = models.UUIDField(_("复核事项"), null=True, blank=True)
    refusal = models.CharField(_("未批准的理由"), max_length=200, blank=True, default="", db_default="")
    file_bytes = models.PositiveBigIntegerField(_("字节数"), default=0, db_default=0)
    file_sha256 = models.CharField(_("文件指纹"), max_length=64, blank=True, default="", db_default="")
    downloads = models.PositiveSmallIntegerField(_("已下载次数"), default=0, db_default=0)
    most_downloads = models.PositiveSmallIntegerField(_("可下载次数"), default=0, db_default=0)
    created_at = models.DateTimeField(_("申请时间"), db_default=Now(), editable=False)
    made_at = models.DateTimeField(_("生成时间"), null=True, blank=True)
    expires_at = models.DateTimeField(_("到期时间"), null=True, blank=True)

    class Meta:
        db_table = "exports_export"
        verbose_name = _("导出")
        verbose_name_plural = _("导出")
        indexes: ClassVar = [
            models.Index(fields=["asker", "created_at"], name="exports_export_asker"),
            models.Index(fields=["expires_at"], condition=Q(state="ready"), name="exports_export_expiring"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How people call it: the day (in UTC) and the random end of its id."""
        return f"DC{self.created_at:%y%m%d}-{self.id.hex[-8:].upper()}"


class ExportPart(models.Model):
    """A slice of an export's file, sealed to its place in it."""

    export = models.ForeignKey(Export, verbose_name=_("导出"), on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField(_("序号"))
    sealed = models.BinaryField(_("密文"))

    class Meta:
        db_table = "exports_exportpart"
        verbose_name = _("导出文件")
        verbose_name_plural = _("导出文件")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export", "number"], name="exports_exportpart_once")
        ]

    def __str__(self) -> str:
        return f"{self.export_id}/{self.number}"


class ExportContent(models.Model):
    """Who stands in an export: up to four hundred people in a row, so that each of them can be told.

    ``action_id`` is the action by which the file was made. Rows can only be added (``sql/content.sql``).
    """

    export = models.ForeignKey(
        Export, verbose_name=_("导出"), on_delete=models.PROTECT, related_name="contents"
    )
    number = models.PositiveIntegerField(_("序号"))
    action_id = models.BigIntegerField(_("操作"))
    persons = ArrayField(models.UUIDField(), verbose_name=_("所含人员"))

    class Meta:
        db_table = "exports_exportcontent"
        verbose_name = _("导出所含人员")
        verbose_name_plural = _("导出所含人员")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export", "number"], name="exports_exportcontent_once")
        ]
        indexes: ClassVar = [
            # Without a pending list: it is asked by every opening of an account and written seldom.
            GinIndex(fields=["persons"], name="exports_exportcontent_persons", fastupdate=False)
        ]

    def __str__(self) -> str:
        return f"{self.export_id}/{self.number}"
