"""A certificate on record, and how one of ours comes about: order, number, stored intent, signature.

`Certificate` is what stands on record, whoever issued it. `Attestation` is what was to be attested, stored before
anybody signs; once it is signed, the certificate with the same id comes into being.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


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
    CANON = "certificate_v2"

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
    # The last day on which it holds; empty for families that never end.
    expires_on = models.DateField(_("有效期至"), null=True, blank=True)
    superseded_by = models.ForeignKey(
        "self",
        verbose_name=_("换发后的证书"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="supersedes",
        db_index=False,
    )
    # The certificate in whose place this one was given; it stands for the same achievement and is not counted again.
    replaces = models.ForeignKey(
        "self",
        verbose_name=_("所换发的证书"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # A reported certificate that was checked and found right; issued ones need none.
    confirmed_on = models.DateField(_("确认日期"), null=True, blank=True)
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
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                name="issuance_replaced_once",
                condition=Q(replaces__isnull=False),
                violation_error_message=_("该证书已经换发过。"),
            ),
        ]
        # The certificates behind a figure of a division and month, and those that were taken off there.
        indexes = [
            models.Index(fields=["region_code", "issued_on", "id"], name="issuance_region_day"),
            models.Index(
                fields=["region_code"], name="issuance_region_revoked", condition=Q(state="revoked")
            ),
            models.Index(
                fields=["superseded_by"],
                name="issuance_superseded_by",
                condition=Q(superseded_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.number


class NumberRule(models.Model):
    """How numbers of one family are composed, from a day to a day (both included).

    `segments` in order, each an object with `take` and what it needs: {"take": "text", "text": "专"},
    {"take": "body"} the body's filed prefix, {"take": "year", "digits": 2 or 4}, {"take": "level"} the level's code,
    {"take": "region", "digits": 2, 4 or 6}, {"take": "serial", "digits": 6}, always last. Everything before the serial
    is the space in which serials are dense.
    """

    code = models.CharField(_("规则编码"), max_length=30, db_collation="C")
    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    name = models.CharField(_("规则名称"), max_length=60)
    region_code = models.CharField(
        _("适用区划"), max_length=9, blank=True, default="", db_collation="C", help_text=_("空表示全国")
    )
    segments = models.JSONField(_("组成"))
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据"), max_length=120, blank=True)

    class Meta:
        db_table = "issuance_numberrule"
        verbose_name = _("证书编号规则")
        verbose_name_plural = _("证书编号规则")
        ordering: ClassVar = ["family", "code", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="issuance_numberrule_once"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="issuance_numberrule_period",
                violation_error_message=_("截止日期早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.valid_from}"


class Counter(models.Model):
    """The last serial given out in one space (body, year and level). Rolled back together with the intents."""

    space = models.CharField(_("编号段"), max_length=40, primary_key=True, db_collation="C")
    last = models.PositiveIntegerField(_("最后序号"), default=0)

    class Meta:
        db_table = "issuance_counter"
        verbose_name = _("编号序列")
        verbose_name_plural = _("编号序列")

    def __str__(self) -> str:
        return f"{self.space} {self.last}"


class SigningKey(models.Model):
    """The key of one body and year; all that it signs names the same `issuer`. The private half is the worker's."""

    class State(models.TextChoices):
        PUBLISHED = "published", _("已公布，未启用")
        ACTIVE = "active", _("使用中")
        VERIFY_ONLY = "verify_only", _("仅供核验")
        COMPROMISED = "compromised", _("已泄露")

    class Suite(models.IntegerChoices):
        ED25519 = 1, "Ed25519"
        SM2 = 2, "SM2 with SM3"

    institution = models.ForeignKey(
        "registry.Institution", verbose_name=_("机构"), on_delete=models.PROTECT, related_name="signing_keys"
    )
    year = models.PositiveSmallIntegerField(_("年份"))
    suite = models.PositiveSmallIntegerField(_("算法"), choices=Suite.choices, default=Suite.ED25519)
    kid = models.CharField(_("密钥编号"), max_length=8, unique=True, db_collation="C")
    issuer = models.CharField(_("签发者标识"), max_length=24, db_collation="C", editable=False)
    public = models.BinaryField(_("公钥"), max_length=65)
    private = models.BinaryField(_("私钥密文"))
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.PUBLISHED)
    published_at = models.DateTimeField(_("公布时间"), db_default=Now())
    active_from = models.DateTimeField(_("启用时间"), null=True, blank=True)
    active_to = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        db_table = "issuance_signingkey"
        verbose_name = _("签发密钥")
        verbose_name_plural = _("签发密钥")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution"], condition=Q(state="active"), name="issuance_signingkey_one_active"
            )
        ]

    def __str__(self) -> str:
        return self.kid


class StatusList(models.Model):
    """Which of `size` certificates of a body are revoked or suspended, for everybody (W3C Bitstring Status List 1.0).

    A place is a permutation, keyed by `seed`, of the order in which places are taken: it says nothing about when.
    `changes` counts changes of states; what was published at which count stands beside it.
    """

    institution = models.ForeignKey(
        "registry.Institution", verbose_name=_("机构"), on_delete=models.PROTECT, related_name="status_lists"
    )
    size = models.PositiveIntegerField(_("位数"), default=131_072)
    taken = models.PositiveIntegerField(_("已用"), default=0)
    seed = models.BinaryField(_("排列种子"), max_length=16)
    current = models.BooleanField(_("使用中"), default=True)
    changes = models.BigIntegerField(_("变更次数"), default=0)
    published_changes = models.BigIntegerField(_("已公布变更"), default=-1)
    published_at = models.DateTimeField(_("公布时间"), null=True, blank=True)
    revocation = models.TextField(_("撤销名单"), blank=True, default="")
    suspension = models.TextField(_("暂停名单"), blank=True, default="")

    class Meta:
        db_table = "issuance_statuslist"
        verbose_name = _("状态名单")
        verbose_name_plural = _("状态名单")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution"], condition=Q(current=True), name="issuance_statuslist_one_current"
            ),
            models.CheckConstraint(condition=Q(taken__lte=F("size")), name="issuance_statuslist_room"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.pk}"


class Order(models.Model):
    """One issue (签发单): who asked for certificates for whom, and how far they have come."""

    class State(models.TextChoices):
        DRAFT = "draft", _("待提交")
        WAITING = "waiting", _("待签发")
        APPROVED = "approved", _("已同意，待处理")
        ISSUING = "issuing", _("签发中")
        DONE = "done", _("已完成")
        CANCELLED = "cancelled", _("已撤回")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    institution = models.ForeignKey(
        "registry.Institution", verbose_name=_("机构"), on_delete=models.PROTECT, related_name="issue_orders"
    )
    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    # The evaluation batch whose candidates it is for; None for other sources.
    evaluation_id = models.BigIntegerField(_("评价批次"), null=True, blank=True)
    # What another room drew it up for, such as `class:12`; empty for a batch or a list.
    origin = models.CharField(
        _("来源"), max_length=40, blank=True, default="", db_default="", db_collation="C", editable=False
    )
    issued_on = models.DateField(_("发证日期"))
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.DRAFT)
    key = models.CharField(
        _("幂等键"), max_length=80, unique=True, null=True, blank=True, db_collation="C", editable=False
    )
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("经办人"), on_delete=models.PROTECT, related_name="+"
    )
    case_id = models.UUIDField(_("审核事项"), null=True, blank=True)
    total = models.PositiveIntegerField(_("申请"), default=0)
    prepared = models.PositiveIntegerField(_("已编号"), default=0)
    signed = models.PositiveIntegerField(_("已签发"), default=0)
    refused = models.PositiveIntegerField(_("不予签发"), default=0)
    created_at = models.DateTimeField(_("建立时间"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        db_table = "issuance_order"
        verbose_name = _("签发单")
        verbose_name_plural = _("签发单")
        indexes: ClassVar = [
            models.Index(fields=["institution", "-created_at"], name="issuance_order_recent"),
            models.Index(fields=["evaluation_id"], name="issuance_order_evaluation"),
            models.Index(fields=["origin"], name="issuance_order_origin", condition=~models.Q(origin="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_family_display()} {self.issued_on}"


class OrderLine(models.Model):
    """One whom an order is for: attested, or refused for one reason."""

    order = models.ForeignKey(Order, verbose_name=_("签发单"), on_delete=models.CASCADE, related_name="lines")
    source_type = models.CharField(_("来源类别"), max_length=20, db_collation="C")
    source_id = models.CharField(_("来源编号"), max_length=40, db_collation="C")
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("人员"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # What the source says is to be attested, as `issuing.Entry` holds it; no name and no number of a person.
    entry = models.JSONField(_("内容"), default=dict, blank=True)
    refusal = models.CharField(_("不予签发原因"), max_length=40, blank=True, default="", db_collation="C")
    detail = models.CharField(_("说明"), max_length=200, blank=True, default="")

    class Meta:
        db_table = "issuance_orderline"
        verbose_name = _("签发名单")
        verbose_name_plural = _("签发名单")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "source_type", "source_id"], name="issuance_orderline_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.source_type} {self.source_id}"


class Attestation(models.Model):
    """What was to be attested (证书底档), complete before anybody signs; the certificate has the same id.

    Kept by trigger: only key, signature, moment and state are set later, once (sql/attestations.sql). `printed` is what
    the paper shows besides name and identity number: `sealed` has {"name", "document_kind", "document_number"}.
    """

    class State(models.TextChoices):
        PREPARED = "prepared", _("已编号，待签名")
        SIGNED = "signed", _("已签发")
        VOID = "void", _("已作废")

    id = models.BigIntegerField(primary_key=True)
    order = models.ForeignKey(
        Order,
        verbose_name=_("签发单"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="attestations",
    )
    # Which candidate, enrolment, earlier certificate or call it comes from: one attestation each, however often asked.
    source_type = models.CharField(_("来源类别"), max_length=20, db_collation="C")
    source_id = models.CharField(_("来源编号"), max_length=40, db_collation="C")
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("持证人"), on_delete=models.PROTECT, related_name="attestations"
    )
    institution = models.ForeignKey(
        "registry.Institution", verbose_name=_("评价机构"), on_delete=models.PROTECT, related_name="+"
    )
    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    number = models.CharField(_("证书编号"), max_length=40, unique=True, db_collation="C")
    space = models.CharField(_("编号段"), max_length=40, db_collation="C")
    serial = models.PositiveIntegerField(_("序号"))
    code = models.CharField(_("核验码"), max_length=16, db_collation="C")
    name = models.CharField(_("证书名称"), max_length=100)
    occupation_code = models.CharField(_("职业编码"), max_length=20, blank=True, default="")
    occupation_name = models.CharField(_("职业名称"), max_length=120, blank=True, default="")
    direction = models.CharField(_("工种（职业方向）"), max_length=120, blank=True, default="")
    level = models.ForeignKey(
        "registry.SkillLevel",
        verbose_name=_("等级"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    issued_on = models.DateField(_("发证日期"))
    expires_on = models.DateField(_("有效期至"), null=True, blank=True)
    printed = models.JSONField(_("打印内容"), default=dict, blank=True)
    sealed = models.BinaryField(_("姓名与证件密文"))
    payload = models.BinaryField(_("签名内容"))
    status_list = models.ForeignKey(
        StatusList, verbose_name=_("状态名单"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    status_index = models.PositiveIntegerField(_("名单位置"))
    key = models.ForeignKey(
        SigningKey, verbose_name=_("签发密钥"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    signature = models.BinaryField(_("签名"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.PREPARED)
    prepared_at = models.DateTimeField(_("编号时间"), db_default=Now(), editable=False)
    signed_at = models.DateTimeField(_("签名时间"), null=True, blank=True)

    class Meta:
        db_table = "issuance_attestation"
        verbose_name = _("证书底档")
        verbose_name_plural = _("证书底档")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source_type", "source_id"],
                condition=~Q(state="void"),
                name="issuance_attestation_once",
            ),
            models.UniqueConstraint(fields=["space", "serial"], name="issuance_attestation_serial"),
            # With the id, a check by code reads no page of this wide table.
            models.UniqueConstraint(fields=["code"], include=["id"], name="issuance_attestation_code"),
            models.UniqueConstraint(
                fields=["status_list", "status_index"], name="issuance_attestation_place"
            ),
            models.CheckConstraint(
                condition=Q(state="signed", signature__isnull=False, signed_at__isnull=False)
                | (~Q(state="signed") & Q(signature__isnull=True, signed_at__isnull=True)),
                name="issuance_attestation_signed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["order"], condition=Q(state="prepared"), name="issuance_attestation_due")
        ]

    def __str__(self) -> str:
        return self.number
