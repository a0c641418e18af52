"""Blank paper (空白证书): what was asked for and came, every numbered sheet with its fate, destruction, stocktaking."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from certificates.issuance.models import Certificate
from registry.identity.uuid7 import uuid7


def _account(label: Any, *, null: bool = True) -> Any:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=label,
        on_delete=models.PROTECT,
        null=null,
        blank=null,
        related_name="+",
        db_index=False,
    )


def _institution() -> Any:
    # Every table has an index of its own that begins with it.
    return models.ForeignKey(
        "registry.Institution",
        verbose_name=_("机构"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )


class PaperRequest(models.Model):
    """One requisition (申领): asked for, agreed to, sent out with its serials, taken into stock."""

    class State(models.TextChoices):
        WAITING = "waiting", _("待审批")
        APPROVED = "approved", _("待发出")
        SENT = "sent", _("待入库")
        RECEIVED = "received", _("已入库")
        REFUSED = "refused", _("未批准")
        WITHDRAWN = "withdrawn", _("已撤回")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    institution = _institution()
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    quantity = models.PositiveIntegerField(_("申领张数"))
    note = models.CharField(_("用途说明"), max_length=200, blank=True, default="")
    state = models.CharField(_("状态"), max_length=9, choices=State.choices, default=State.WAITING)
    maker = _account(_("申领人"), null=False)
    case_id = models.UUIDField(_("审核事项"), null=True, blank=True)
    first = models.CharField(_("起始流水码"), max_length=30, blank=True, default="", db_collation="C")
    last = models.CharField(_("终止流水码"), max_length=30, blank=True, default="", db_collation="C")
    sent = models.PositiveIntegerField(_("发出张数"), default=0, db_default=0)
    sent_by = _account(_("发出人"))
    sent_at = models.DateTimeField(_("发出时间"), null=True, blank=True)
    received_by = _account(_("入库人"))
    received_at = models.DateTimeField(_("入库时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("申领时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "printing_request"
        verbose_name = _("空白证书申领")
        verbose_name_plural = _("空白证书申领")
        indexes: ClassVar = [
            models.Index(fields=["institution", "-id"], name="printing_request_recent"),
            models.Index(fields=["region_code", "-id"], name="printing_request_region"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """How people call it: the day (in UTC) and the random end of its id."""
        return f"SL{self.created_at:%y%m%d}-{self.id.hex[-6:].upper()}"


class Destruction(models.Model):
    """Sheets that are no certificate any more, destroyed together (销毁批次): listed, agreed to, done."""

    class State(models.TextChoices):
        WAITING = "waiting", _("待审批")
        APPROVED = "approved", _("待销毁")
        CLOSED = "closed", _("已销毁")
        DROPPED = "dropped", _("未批准")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    institution = _institution()
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.WAITING)
    total = models.PositiveIntegerField(_("张数"))
    digest = models.CharField(_("清单指纹"), max_length=64, db_collation="C")
    maker = _account(_("经办人"), null=False)
    case_id = models.UUIDField(_("审核事项"), null=True, blank=True)
    done_on = models.DateField(_("销毁日期"), null=True, blank=True)
    closed_by = _account(_("销毁人"))
    witness = _account(_("监销人"))
    created_at = models.DateTimeField(_("建立时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "printing_destruction"
        verbose_name = _("销毁批次")
        verbose_name_plural = _("销毁批次")
        indexes: ClassVar = [
            models.Index(fields=["institution", "-id"], name="printing_destruction_recent"),
            models.Index(fields=["region_code", "-id"], name="printing_destruction_region"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"XH{self.created_at:%y%m%d}-{self.id.hex[-6:].upper()}"


class Sheet(models.Model):
    """One numbered sheet. Its state moves one way (`sql/paper.sql`); a serial is there once, whoever has it."""

    class State(models.TextChoices):
        SENT = "sent", _("在途")
        STOCK = "stock", _("在库")
        USED = "used", _("已打印")
        SPOILED = "spoiled", _("待销毁")
        DESTROYED = "destroyed", _("已销毁")
        LOST = "lost", _("遗失")

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(
        PaperRequest, verbose_name=_("申领"), on_delete=models.PROTECT, related_name="sheets", db_index=False
    )
    institution = _institution()
    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    serial = models.CharField(_("流水码"), max_length=30, db_collation="C")
    state = models.CharField(_("状态"), max_length=9, choices=State.choices, default=State.SENT)
    reason = models.CharField(_("原因"), max_length=20, blank=True, default="", db_collation="C")
    destruction = models.ForeignKey(
        Destruction,
        verbose_name=_("销毁批次"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sheets",
        db_index=False,
    )

    class Meta:
        db_table = "printing_sheet"
        verbose_name = _("证书纸")
        verbose_name_plural = _("证书纸")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["serial"],
                name="printing_sheet_once",
                violation_error_message=_("流水码已经登记过。"),
            ),
            models.CheckConstraint(
                name="printing_sheet_destroyed_in_a_batch",
                condition=~Q(state="destroyed") | Q(destruction__isnull=False),
                violation_error_message=_("销毁须在销毁批次中办理。"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["institution", "family", "state", "id"], name="printing_sheet_next"),
            models.Index(fields=["request"], name="printing_sheet_request"),
            models.Index(
                fields=["destruction"],
                name="printing_sheet_destruction",
                condition=Q(destruction__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.serial


class Stocktaking(models.Model):
    """What was counted against what the books said (盘点), once a quarter at least. Rows are only added."""

    id = models.BigAutoField(primary_key=True)
    institution = _institution()
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    counted = models.PositiveIntegerField(_("实盘空白"))
    booked = models.PositiveIntegerField(_("账面空白"))
    spoiled_counted = models.PositiveIntegerField(_("实盘待销毁"))
    spoiled_booked = models.PositiveIntegerField(_("账面待销毁"))
    note = models.CharField(_("差异说明"), max_length=200, blank=True, default="")
    on = models.DateField(_("盘点日期"))
    maker = _account(_("盘点人"), null=False)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "printing_stocktaking"
        verbose_name = _("盘点")
        verbose_name_plural = _("盘点")
        indexes: ClassVar = [
            models.Index(fields=["institution", "family", "-id"], name="printing_stocktaking_recent")
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="printing_stocktaking_explained",
                condition=Q(counted=models.F("booked"), spoiled_counted=models.F("spoiled_booked"))
                | ~Q(note=""),
                violation_error_message=_("实盘与账面不一致的，须写明原因。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.family} {self.on}"

    @property
    def difference(self) -> int:
        return (self.counted - self.booked) + (self.spoiled_counted - self.spoiled_booked)
