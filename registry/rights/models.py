"""What a person may ask of whoever keeps their data, and the dated rules by which it is answered.

What a case says of a person lies sealed (key purpose `rights`, bound to `seal_id`), so that it can be destroyed while
the case itself, with its dates and its outcome, stays.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _t
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


class RetentionRule(models.Model):
    """How long records of a class are kept, counted from an event, by rows valid from a day on.

    A row that nobody has compared with the document (`confirmed`) erases nothing: what it says has run out is only
    restricted.
    """

    class Code(models.TextChoices):
        PERSON = "person", _("没有业务记录的人员档案")
        TRAINING = "training", _("培训过程记录")
        CERTIFICATE = "certificate", _("证书记录")
        PAYMENT = "payment", _("补贴资金记录")
        CASE = "case", _("更正、删除申请的内容")
        CONSENT = "consent", _("已撤回的同意")

    class Outcome(models.TextChoices):
        ERASE = "erase", _("删除")
        RESTRICT = "restrict", _("限制处理")

    code = models.CharField(_("档案类别"), max_length=12, choices=Code.choices)
    months = models.PositiveSmallIntegerField(_("保存月数"))
    counted_from = models.CharField(_("起算"), max_length=60)
    outcome = models.CharField(_("期满后"), max_length=8, choices=Outcome.choices)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据"), max_length=120, blank=True, default="")
    confirmed = models.BooleanField(_("已核对原文"), default=False)

    class Meta:
        db_table = "rights_retentionrule"
        verbose_name = _("保存期限")
        verbose_name_plural = _("保存期限")
        constraints = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="rights_retentionrule_once",
                violation_error_message=_("该类别在这一天已有规定。"),
            ),
            models.CheckConstraint(
                name="rights_retentionrule_period",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("截止日期不能早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.months}"

    @property
    def span(self) -> str:
        """30 年, 18 个月."""
        years, months = divmod(self.months, 12)
        return _t("%(n)s 个月") % {"n": self.months} if months else _t("%(n)s 年") % {"n": years}


class Hold(models.Model):
    """A person's record may not be erased while somebody looks into it (an audit, a recovery, a court)."""

    person = models.ForeignKey(
        "registry.Person", verbose_name=_("当事人"), on_delete=models.PROTECT, related_name="holds"
    )
    reason = models.CharField(_("缘由"), max_length=100, help_text=_("文号或案号，不写姓名和号码"))
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登记人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    placed_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("解除人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    lifted_at = models.DateTimeField(_("解除时间"), null=True, blank=True)

    class Meta:
        db_table = "rights_hold"
        verbose_name = _("暂不得删除")
        verbose_name_plural = _("暂不得删除")
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(lifted_at__isnull=True),
                name="rights_hold_one_open",
                violation_error_message=_("该人员已登记暂不得删除。"),
            )
        ]

    def __str__(self) -> str:
        return f"hold {self.pk}"


class Erasure(models.Model):
    """Somebody's record is to be erased: because they ask, or because every retention period has run out.

    While a period runs (`kept_until`) the record is restricted. After it, or at once where none runs, two persons
    agree, and what becomes of the record stands in `counts`.
    """

    class Basis(models.TextChoices):
        ASKED = "asked", _("本人要求")
        WITHDRAWN = "withdrawn", _("本人撤回同意")
        RETENTION = "retention", _("保存期限届满")

    class State(models.TextChoices):
        RESTRICTED = "restricted", _("已限制处理")
        WAITING = "waiting", _("待批准")
        REFUSED = "refused", _("不予删除")
        TAKEN_BACK = "taken_back", _("已撤回")
        ERASED = "erased", _("已删除")

    OPEN = (State.RESTRICTED, State.WAITING)

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("当事人"), on_delete=models.PROTECT, related_name="erasures"
    )
    basis = models.CharField(_("依据"), max_length=10, choices=Basis.choices)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices)
    region_code = models.CharField(_("办理地区"), max_length=9, blank=True, default="", db_collation="C")
    kept_until = models.DateField(_("保存至"), null=True, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("申请人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    asked_at = models.DateTimeField(_("申请时间"), db_default=Now(), editable=False)
    due_on = models.DateField(_("应答复日期"))
    review_case = models.CharField(_("复核案号"), max_length=36, blank=True, default="")
    answer = models.CharField(_("答复"), max_length=300, blank=True, default="")
    answered_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    action_id = models.BigIntegerField(_("操作记录"), null=True, blank=True)
    backups_until = models.DateField(_("备份留存至"), null=True, blank=True)
    counts = models.JSONField(_("处理结果"), default=dict)

    class Meta:
        db_table = "rights_erasure"
        verbose_name = _("删除申请")
        verbose_name_plural = _("删除申请")
        indexes = [models.Index(fields=["state", "kept_until"], name="rights_erasure_waiting")]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state__in=["restricted", "waiting"]),
                name="rights_erasure_one_open",
                violation_error_message=_("该人员的删除申请正在办理。"),
            )
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The case number that the asker is told."""
        return f"SC{self.asked_at:%Y}-{self.pk:06d}"


class ConsentText(models.Model):
    """One version of what a person agrees to, in force from a day on."""

    class Purpose(models.TextChoices):
        TRAINING = "training", _("参加培训与信息处理")
        SENSITIVE = "sensitive", _("敏感个人信息的单独同意")

    purpose = models.CharField(_("事项"), max_length=10, choices=Purpose.choices)
    version = models.PositiveSmallIntegerField(_("版次"))
    title = models.CharField(_("标题"), max_length=100)
    body = models.TextField(_("正文"))
    consequence = models.TextField(_("撤回的后果"))
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        db_table = "rights_consenttext"
        verbose_name = _("同意书文本")
        verbose_name_plural = _("同意书文本")
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "version"],
                name="rights_consenttext_version",
                violation_error_message=_("该事项的这一版次已经存在。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} v{self.version}"


class Consent(models.Model):
    """A person agreed to one version of a text, until they take it back."""

    # Of two records that turn out to be one person, each may have agreed to the same text.
    HELD_ONCE = "text_id"

    class How(models.TextChoices):
        SCREEN = "screen", _("本人在线同意")
        PAPER = "paper", _("纸质同意书")

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("本人"), on_delete=models.PROTECT, related_name="consents"
    )
    text = models.ForeignKey(
        ConsentText, verbose_name=_("文本"), on_delete=models.PROTECT, related_name="consents"
    )
    how = models.CharField(_("方式"), max_length=6, choices=How.choices)
    reference = models.CharField(_("纸质材料编号"), max_length=60, blank=True, default="")
    given_on = models.DateField(_("同意日期"))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登记人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    recorded_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)

    class Meta:
        db_table = "rights_consent"
        verbose_name = _("同意记录")
        verbose_name_plural = _("同意记录")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "text"],
                condition=Q(withdrawn_at__isnull=True),
                name="rights_consent_once",
                violation_error_message=_("该文本已经同意过。"),
            ),
            models.CheckConstraint(
                name="rights_consent_paper_named",
                condition=Q(how="screen") | ~Q(reference=""),
                violation_error_message=_("纸质同意书须填写编号或存放处。"),
            ),
        ]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class Copy(models.Model):
    """A copy of everything held about a person: asked for, made in the background when large, kept for some days."""

    class State(models.TextChoices):
        MAKING = "making", _("生成中")
        READY = "ready", _("可下载")
        FAILED = "failed", _("生成失败")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("本人"), on_delete=models.PROTECT, related_name="copies"
    )
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.MAKING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("申请人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    asked_at = models.DateTimeField(_("申请时间"), db_default=Now(), editable=False)
    content = models.BinaryField(_("内容"), null=True)
    expires_on = models.DateField(_("保留至"))

    class Meta:
        db_table = "rights_copy"
        verbose_name = _("信息副本")
        verbose_name_plural = _("信息副本")

    def __str__(self) -> str:
        return f"copy {self.pk}"
