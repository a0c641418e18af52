"""Money paid for training. Here: payments that old ledgers report; claims and their review join this room."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from training.catalogue.codes import FundSource


class Payment(models.Model):
    """A sum paid for one enrolment, in fen. ``basis`` says whether we paid it or a ledger reports it."""

    class Basis(models.TextChoices):
        REPORTED = "reported", _("台账所报")
        PAID = "paid", _("本系统支付")

    id = models.BigAutoField(primary_key=True)
    enrolment = models.ForeignKey(
        "training.Enrolment",
        verbose_name=_("培训记录"),
        on_delete=models.PROTECT,
        related_name="payments",
        db_index=False,  # the constraint below begins with it
        db_constraint=False,  # kept by the set: training/enrolments/sql/references.sql
    )
    amount_fen = models.BigIntegerField(_("金额(分)"))
    fund = models.CharField(_("资金来源"), max_length=12, choices=FundSource.choices, blank=True, default="")
    paid_on = models.DateField(_("支付日期"), null=True, blank=True)
    basis = models.CharField(_("依据"), max_length=8, choices=Basis.choices)
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    batch_id = models.UUIDField(_("来源批次"), null=True, blank=True)
    row_no = models.IntegerField(_("来源行"), null=True, blank=True)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "claims_payment"
        verbose_name = _("支付记录")
        verbose_name_plural = _("支付记录")
        constraints = [
            models.CheckConstraint(
                name="claims_payment_positive",
                condition=models.Q(amount_fen__gt=0),
                violation_error_message=_("金额须大于零。"),
            ),
            # One index for both: what a ledger reports once, and finding all payments of an enrolment.
            models.UniqueConstraint(
                "enrolment",
                models.Case(
                    models.When(basis="reported", then=models.Value(0)),
                    default=models.F("id"),
                    output_field=models.BigIntegerField(),
                ),
                name="claims_payment_reported_once",
                violation_error_message=_("该培训记录已登记过台账支付。"),
            ),
        ]

    def __str__(self) -> str:
        return f"payment {self.pk}"
