"""What is done to a certificate once it stands: reasons, lists of measures, the acts themselves, money to recover."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from certificates.issuance.models import Certificate
from registry.identity.uuid7 import uuid7


class ActKind(models.TextChoices):
    """What may be done."""

    SUSPEND = "suspend", _("暂停")
    RESTORE = "restore", _("恢复")
    REVOKE = "revoke", _("撤销")
    SUPERSEDE = "supersede", _("换发")
    CONFIRM = "confirm", _("确认")


class Reason(models.Model):
    """Why something may be done to a certificate, from a day to a day (both included).

    `public` is what anybody who checks the certificate is told; `recovers` says that whatever was paid on it is to be
    looked into.
    """

    kind = models.CharField(_("办理事项"), max_length=10, choices=ActKind.choices)
    code = models.CharField(_("原因编码"), max_length=30, db_collation="C")
    label = models.CharField(_("原因"), max_length=80)
    public = models.CharField(_("对外措辞"), max_length=40)
    recovers = models.BooleanField(_("须核查已发补贴"), default=False)
    place = models.PositiveSmallIntegerField(_("次序"), default=0)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        db_table = "issuance_reason"
        verbose_name = _("处置原因")
        verbose_name_plural = _("处置原因")
        ordering: ClassVar = ["kind", "place", "code"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "code", "valid_from"], name="issuance_reason_once"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="issuance_reason_period",
                violation_error_message=_("截止日期早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return self.label


class Measure(models.Model):
    """One list of certificates to which the same is to be done (处置单), each with its reason."""

    class State(models.TextChoices):
        DRAFT = "draft", _("待提交")
        WAITING = "waiting", _("待审核")
        DOING = "doing", _("办理中")
        DONE = "done", _("已办结")
        REFUSED = "refused", _("未通过")
        DROPPED = "dropped", _("已放弃")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("办理事项"), max_length=10, choices=ActKind.choices)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.DRAFT)
    institution = models.ForeignKey(
        "registry.Institution",
        verbose_name=_("机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    region_code = models.CharField(_("区划"), max_length=9, db_collation="C")
    note = models.CharField(_("说明"), max_length=300, blank=True, default="")
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("经办人"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    case_id = models.UUIDField(_("审核事项"), null=True, blank=True)
    total = models.PositiveIntegerField(_("行数"), default=0)
    done = models.PositiveIntegerField(_("已办理"), default=0)
    refused = models.PositiveIntegerField(_("不能办理"), default=0)
    created_at = models.DateTimeField(_("建立时间"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("办结时间"), null=True, blank=True)

    class Meta:
        db_table = "issuance_measure"
        verbose_name = _("处置单")
        verbose_name_plural = _("处置单")
        indexes: ClassVar = [
            models.Index(fields=["region_code", "-id"], name="issuance_measure_region"),
            models.Index(fields=["institution", "-id"], name="issuance_measure_institution"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.total}"

    @property
    def number(self) -> str:
        """What people call it: the day and the end of its id."""
        return f"CZ{timezone.localtime(self.created_at):%Y%m%d}-{str(self.pk)[-6:].upper()}"


class MeasureRow(models.Model):
    """One certificate of a list, found or not, with its reason and what came of it."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("待办理")
        DONE = "done", _("已办理")
        REFUSED = "refused", _("不能办理")

    measure = models.ForeignKey(
        Measure, verbose_name=_("处置单"), on_delete=models.CASCADE, related_name="rows", db_index=False
    )
    position = models.PositiveIntegerField(_("序号"))
    # Of the sheet that was handed in, or of the lines that were pasted.
    row_no = models.PositiveIntegerField(_("表中行号"), null=True, blank=True)
    number = models.CharField(_("证书编号"), max_length=40, db_collation="C")
    certificate = models.ForeignKey(
        Certificate,
        verbose_name=_("证书"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reason = models.CharField(_("原因"), max_length=30, blank=True, default="", db_collation="C")
    note = models.CharField(_("说明"), max_length=200, blank=True, default="")
    outcome = models.CharField(_("结果"), max_length=8, choices=Outcome.choices, default=Outcome.WAITING)
    problem = models.CharField(_("不能办理的原因"), max_length=20, blank=True, default="", db_collation="C")

    class Meta:
        db_table = "issuance_measurerow"
        verbose_name = _("处置单条目")
        verbose_name_plural = _("处置单条目")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["measure", "position"], name="issuance_measurerow_once")
        ]

    def __str__(self) -> str:
        return self.number


class Act(models.Model):
    """Something that was done to a certificate; never changed, never removed.

    `other` is the certificate that came in its place. `asked_by` wanted it, `agreed_by` is the second person where the
    act takes two.
    """

    id = models.BigAutoField(primary_key=True)
    certificate = models.ForeignKey(
        Certificate, verbose_name=_("证书"), on_delete=models.PROTECT, related_name="acts", db_index=False
    )
    kind = models.CharField(_("办理事项"), max_length=10, choices=ActKind.choices)
    reason = models.CharField(_("原因"), max_length=30, blank=True, default="", db_collation="C")
    note = models.CharField(_("说明"), max_length=200, blank=True, default="")
    on = models.DateField(_("办理日期"))
    was = models.CharField(_("原状态"), max_length=10, choices=Certificate.State.choices)
    became = models.CharField(_("现状态"), max_length=10, choices=Certificate.State.choices)
    other = models.ForeignKey(
        Certificate,
        verbose_name=_("换发后的证书"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    measure = models.ForeignKey(
        Measure,
        verbose_name=_("处置单"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("经办人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("复核人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    at = models.DateTimeField(_("时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "issuance_act"
        verbose_name = _("证书办理记录")
        verbose_name_plural = _("证书办理记录")
        indexes: ClassVar = [models.Index(fields=["certificate", "id"], name="issuance_act_of")]

    def __str__(self) -> str:
        return f"{self.kind} {self.certificate_id}"


class Recovery(models.Model):
    """Money that was paid on a certificate which was revoked since: proposed for recovery, until somebody takes it up.

    `source` and `source_id` name the payment in the room that made it.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待核查")
        TAKEN = "taken", _("已立项追回")
        DROPPED = "dropped", _("不予追回")

    id = models.BigAutoField(primary_key=True)
    certificate = models.ForeignKey(
        Certificate,
        verbose_name=_("证书"),
        on_delete=models.PROTECT,
        related_name="recoveries",
        db_index=False,
    )
    act = models.ForeignKey(
        Act, verbose_name=_("撤销记录"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source = models.CharField(_("来源"), max_length=20, db_collation="C")
    source_id = models.BigIntegerField(_("支付记录"))
    amount_fen = models.BigIntegerField(_("金额(分)"))
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.PROPOSED)
    note = models.CharField(_("说明"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(_("提出时间"), db_default=Now(), editable=False)
    settled_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("处理人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )

    class Meta:
        db_table = "issuance_recovery"
        verbose_name = _("追回建议")
        verbose_name_plural = _("追回建议")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["certificate", "source", "source_id"], name="issuance_recovery_once"
            ),
            models.CheckConstraint(
                condition=Q(amount_fen__gt=0),
                name="issuance_recovery_positive",
                violation_error_message=_("金额须大于零。"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["region_code", "state", "-id"], name="issuance_recovery_region")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"
