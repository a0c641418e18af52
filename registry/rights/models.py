"""What a person may ask of whoever keeps their data, and the dated rules by which it is answered.

What a case says of a person lies sealed (key purpose `rights`, bound to `seal_id`), so that it can be destroyed while
the case itself, with its dates and its outcome, stays.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


class Term(models.Model):
    """A number of days within which something has to be done, under a code, for a span of days."""

    class Code(models.TextChoices):
        CORRECTION = "correction", _("答复更正申请")
        ERASURE = "erasure", _("答复删除申请")
        COPY_KEPT = "copy_kept", _("保留做好的信息副本")
        BACKUP = "backup", _("备份保留")

    class Unit(models.TextChoices):
        WORKDAY = "workday", _("个工作日")
        DAY = "day", _("日")

    code = models.CharField(_("事项"), max_length=20, choices=Code.choices)
    days = models.PositiveSmallIntegerField(_("期限"))
    unit = models.CharField(_("单位"), max_length=8, choices=Unit.choices, default=Unit.WORKDAY)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据"), max_length=120, blank=True, default="")
    confirmed = models.BooleanField(_("已核对原文"), default=False)

    class Meta:
        db_table = "rights_term"
        verbose_name = _("办理期限")
        verbose_name_plural = _("办理期限")
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="rights_term_once",
                violation_error_message=_("该事项在这一天已有规定。"),
            ),
            models.CheckConstraint(
                name="rights_term_period",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("截止日期不能早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.days} {self.unit}"


class Correction(models.Model):
    """Somebody says that a recorded fact about a person is wrong, and gets an answer by a day.

    `record` names the row that is meant (`enrolment:12`), empty for a fact of the person. `said` seals what should
    stand there and why, `answer` what was answered; either is null once destroyed.
    """

    class Fact(models.TextChoices):
        NAME = "name", _("姓名")
        ID_NUMBER = "id_number", _("证件号码")
        SEX = "sex", _("性别")
        PHONE = "phone", _("联系电话")
        EDUCATION = "education", _("文化程度")
        TRAINING = "training", _("培训记录")
        CERTIFICATE = "certificate", _("证书")
        MONEY = "money", _("补贴")
        OTHER = "other", _("其他")

    class State(models.TextChoices):
        OPEN = "open", _("待答复")
        APPROVED = "approved", _("已更正")
        REFUSED = "refused", _("不予更正")
        WITHDRAWN = "withdrawn", _("已撤回")

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("当事人"), on_delete=models.PROTECT, related_name="corrections"
    )
    fact = models.CharField(_("更正内容"), max_length=12, choices=Fact.choices)
    record = models.CharField(_("所指记录"), max_length=60, blank=True, default="")
    seal_id = models.UUIDField(_("封存号"), default=uuid7, editable=False)
    said = models.BinaryField(_("申请内容"), null=True)
    answer = models.BinaryField(_("答复"), null=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    region_code = models.CharField(_("办理地区"), max_length=9, blank=True, default="", db_collation="C")
    institution = models.ForeignKey(
        "registry.Institution",
        verbose_name=_("代办机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("申请人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    asked_at = models.DateTimeField(_("申请时间"), db_default=Now(), editable=False)
    due_on = models.DateField(_("应答复日期"))
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("答复人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    answered_at = models.DateTimeField(_("答复时间"), null=True, blank=True)

    class Meta:
        db_table = "rights_correction"
        verbose_name = _("更正申请")
        verbose_name_plural = _("更正申请")
        indexes = [
            # What waits is few and is asked for by its day.
            models.Index(fields=["due_on", "id"], condition=Q(state="open"), name="rights_correction_waiting")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "fact", "record"],
                condition=Q(state="open"),
                name="rights_correction_one_open",
                violation_error_message=_("这项内容的更正申请正在办理，请等候答复。"),
            ),
            models.CheckConstraint(
                name="rights_correction_answered",
                condition=Q(state__in=["open", "withdrawn"]) | Q(answered_at__isnull=False),
                violation_error_message=_("已答复的申请须有答复时间。"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The case number that the asker is told."""
        return f"GZ{self.asked_at:%Y}-{self.pk:06d}"
