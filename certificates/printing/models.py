"""Layouts as dated rows, print jobs with their sealed file, and every copy of a certificate that was printed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from certificates.issuance.models import Certificate
from registry.identity.uuid7 import uuid7


class PageLayout(models.Model):
    """One version of a family's page, from a day on until the next one. Rows are only added (`sql/printing.sql`).

    `data` is what `layouts.read` reads.
    """

    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    version = models.PositiveSmallIntegerField(_("版次"))
    data = models.JSONField(_("版式"))
    valid_from = models.DateField(_("生效日期"))
    note = models.CharField(_("说明"), max_length=200, blank=True, default="")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("调整人"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    made_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "printing_layout"
        verbose_name = _("证书版式")
        verbose_name_plural = _("证书版式")
        ordering: ClassVar = ["family", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["family", "version"],
                name="printing_layout_once",
                violation_error_message=_("这一版次已经存在，请刷新后再保存。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.family} {self.version}"


class PrintJob(models.Model):
    """Certificates printed in one file: an order's, or a few by hand. The file lies sealed, for its asker, for days.

    What was printed outside and is only reported has neither file nor layout.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("待生成")
        MAKING = "making", _("生成中")
        READY = "ready", _("可下载")
        FAILED = "failed", _("生成失败")
        EXPIRED = "expired", _("已到期销毁")
        OUTSIDE = "outside", _("外部印制")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    order = models.ForeignKey(
        "certificates.Order",
        verbose_name=_("签发单"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    institution = models.ForeignKey(
        "registry.Institution",
        verbose_name=_("机构"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    layout = models.ForeignKey(
        PageLayout,
        verbose_name=_("版式"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("打印人"), on_delete=models.PROTECT, related_name="+"
    )
    bilingual = models.BooleanField(_("中英对照"), default=False, db_default=False)
    preprinted = models.BooleanField(_("套打"), default=False, db_default=False)
    # Why more numbered sheets were taken than the certificates of the order allow (domain §1.7).
    excess = models.CharField(_("超量原因"), max_length=200, blank=True, default="", db_default="")
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.QUEUED)
    total = models.PositiveIntegerField(_("份数"))
    done = models.PositiveIntegerField(_("已生成"), default=0, db_default=0)
    file_bytes = models.PositiveBigIntegerField(_("字节数"), default=0, db_default=0)
    file_sha256 = models.CharField(_("文件指纹"), max_length=64, blank=True, default="", db_default="")
    signed = models.CharField(_("电子签章"), max_length=20, blank=True, default="", db_default="")
    downloads = models.PositiveSmallIntegerField(_("已下载次数"), default=0, db_default=0)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)
    made_at = models.DateTimeField(_("生成时间"), null=True, blank=True)
    expires_at = models.DateTimeField(_("到期时间"), null=True, blank=True)

    class Meta:
        db_table = "printing_job"
        verbose_name = _("打印任务")
        verbose_name_plural = _("打印任务")
        indexes: ClassVar = [
            models.Index(fields=["institution", "-created_at"], name="printing_job_recent"),
            models.Index(fields=["expires_at"], condition=Q(state="ready"), name="printing_job_expiring"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="outside", layout=None) | (~Q(state="outside") & Q(layout__isnull=False)),
                name="printing_job_layout",
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How people call it: the day (in UTC) and the random end of its id."""
        return f"DY{self.created_at:%y%m%d}-{self.id.hex[-8:].upper()}"


class PrintPart(models.Model):
    """A slice of a job's file, sealed to its place in it."""

    job = models.ForeignKey(
        PrintJob, verbose_name=_("打印任务"), on_delete=models.CASCADE, related_name="parts"
    )
    number = models.PositiveIntegerField(_("序号"))
    sealed = models.BinaryField(_("密文"))

    class Meta:
        db_table = "printing_part"
        verbose_name = _("打印文件")
        verbose_name_plural = _("打印文件")
        constraints: ClassVar = [models.UniqueConstraint(fields=["job", "number"], name="printing_part_once")]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}"


class PrintCopy(models.Model):
    """One certificate printed once. A reprint has the same certificate number and another sheet of paper.

    `stock` is the serial of the sheet (证书印制流水码), empty for plain paper; a serial is used once, whatever became
    of its sheet. `turn` counts the copies of a certificate from 1.
    """

    class State(models.TextChoices):
        PRINTED = "printed", _("已打印")
        SPOILED = "spoiled", _("作废")
        RETURNED = "returned", _("收回")
        SKIPPED = "skipped", _("未打印")

    job = models.ForeignKey(
        PrintJob, verbose_name=_("打印任务"), on_delete=models.PROTECT, related_name="copies"
    )
    certificate = models.ForeignKey(
        Certificate, verbose_name=_("证书"), on_delete=models.PROTECT, related_name="+"
    )
    place = models.PositiveIntegerField(_("序号"))
    turn = models.PositiveSmallIntegerField(_("第几次打印"))
    stock = models.CharField(_("证书印制流水码"), max_length=30, blank=True, default="", db_collation="C")
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.PRINTED)
    state_at = models.DateTimeField(_("状态时间"), null=True, blank=True)
    state_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登记人"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField(_("原因"), max_length=20, blank=True, default="", db_collation="C")
    created_at = models.DateTimeField(_("打印时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "printing_copy"
        verbose_name = _("打印记录")
        verbose_name_plural = _("打印记录")
        ordering: ClassVar = ["job", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "place"], name="printing_copy_place"),
            models.UniqueConstraint(
                fields=["stock"],
                condition=~Q(stock=""),
                name="printing_stock_once",
                violation_error_message=_("流水码已经用过。"),
            ),
            models.UniqueConstraint(fields=["certificate", "turn"], name="printing_copy_turn"),
        ]

    def __str__(self) -> str:
        return f"{self.certificate_id}/{self.turn}"
