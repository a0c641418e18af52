"""A certificate on record: what it says, who holds it, where the statement comes from."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Certificate(models.Model):
    """One certificate. ``basis`` tells a certificate that we issued from one that a ledger reports."""

    class Family(models.TextChoices):
        SKILL_LEVEL = "skill_level", _("职业技能等级证书")
        QUALIFICATION = "qualification", _("职业资格证书")
        SPECIAL = "special", _("专项职业能力证书")
        COMPLETION = "completion", _("培训合格证书")
        X = "x", _("1+X 证书")
        OTHER = "other", _("其他证书")

    class Basis(models.TextChoices):
        REPORTED = "reported", _("台账所报,待确认")
        ISSUED = "issued", _("本系统颁发")

    class State(models.TextChoices):
        VALID = "valid", _("有效")
        SUSPENDED = "suspended", _("暂停")
        REVOKED = "revoked", _("已撤销")
        SUPERSEDED = "superseded", _("已换发")

    # What an act on one certificate alone commits to; one that a ledger brought stands within its row's commitment.
    CANON = "certificate_v1"

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(
        "registry.Person",
        verbose_name=_("持证人"),
        on_delete=models.PROTECT,
        related_name="certificates",
        db_constraint=False,  # kept by the set: sql/references.sql
    )
    family = models.CharField(_("证书类别"), max_length=14, choices=Family.choices)
    number = models.CharField(_("证书编号"), max_length=40, db_collation="C")
    name = models.CharField(_("证书名称"), max_length=100, blank=True, default="", db_default="")
    occupation_text = models.CharField(_("职业(工种)"), max_length=120, blank=True, default="", db_default="")
    # Set by the one statement that reads the same tables; a per-row foreign-key check would buy nothing there.
    level = models.ForeignKey(
        "registry.SkillLevel",
        verbose_name=_("等级"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    institution = models.ForeignKey(
        "registry.Institution",
        verbose_name=_("培训机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    # A ledger may leave it out; such a certificate stands on record but is counted in no month.
    issued_on = models.DateField(_("发证日期"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.VALID)
    state_on = models.DateField(_("状态日期"), null=True, blank=True)
    basis = models.CharField(_("依据"), max_length=8, choices=Basis.choices)
    structure = models.CharField(_("编号结构"), max_length=24, blank=True, default="", db_default="")
    first_high = models.BooleanField(_("首次达到高级工"), default=False, db_default=False)
    enrolment_id = models.BigIntegerField(_("培训记录"), null=True, blank=True)
    batch_id = models.UUIDField(_("来源批次"), null=True, blank=True)
    row_no = models.IntegerField(_("来源行"), null=True, blank=True)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "issuance_certificate"
        verbose_name = _("证书")
        verbose_name_plural = _("证书")
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="issuance_number_once",
                violation_error_message=_("证书编号已被占用。"),
            )
        ]
        # The certificates behind a figure of a division and month, and those that were taken off there.
        indexes = [
            models.Index(fields=["region_code", "issued_on", "id"], name="issuance_region_day"),
            models.Index(
                fields=["region_code"], name="issuance_region_revoked", condition=models.Q(state="revoked")
            ),
        ]

    def __str__(self) -> str:
        return self.number
