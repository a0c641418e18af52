"""A person is one (一人一数): who they are, the numbers they are known by, how to reach them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


class Person(models.Model):
    """One natural person. The id is random, so that records elsewhere say nothing once this row is erased."""

    class State(models.TextChoices):
        ACTIVE = "active", _("在册")
        MERGED = "merged", _("已并入")
        ERASED = "erased", _("已删除")

    class Sex(models.TextChoices):
        UNKNOWN = "", _("未知")
        MALE = "M", _("男")
        FEMALE = "F", _("女")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("姓名"), max_length=100)
    name_key = models.CharField(_("比对用姓名"), max_length=100)
    sex = models.CharField(_("性别"), max_length=1, choices=Sex.choices, default=Sex.UNKNOWN, blank=True)
    birth_date = models.DateField(_("出生日期"), null=True, blank=True)
    education = models.CharField(_("文化程度"), max_length=20, blank=True, db_default="", default="")
    region_code = models.CharField(
        _("户籍地"), max_length=9, blank=True, db_default="", default="", db_collation="C"
    )
    state = models.CharField(
        _("状态"), max_length=8, choices=State.choices, default=State.ACTIVE, db_default=State.ACTIVE
    )
    merged_into = models.ForeignKey(
        "self",
        verbose_name=_("并入"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="absorbed",
        db_index=False,
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("登录账号"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="person",
    )
    # From then on the record is only kept: no list, search or export shows it but to the person and to audit.
    restricted_at = models.DateTimeField(_("限制处理时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("建档时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "people_person"
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        indexes = [
            models.Index(fields=["birth_date", "name_key"], name="people_person_look_alike"),
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="people_person_absorbed",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="people_person_merged_has_target",
                condition=models.Q(state="merged", merged_into__isnull=False)
                | models.Q(state__in=["active", "erased"], merged_into__isnull=True),
                violation_error_message=_("已并入的人员必须指明并入何人。"),
            )
        ]

    def __str__(self) -> str:
        return f"person {self.id}"

    @property
    def called(self) -> str:
        """What lists of trainings call them: the name, unless it is gone or may only be kept."""
        if self.state == self.State.ERASED or not self.name:
            return _t("（已删除）")
        return self.name if self.restricted_at is None else _t("（已限制处理）")


class Document(models.Model):
    """A number that a person is known by. Aliases are many; each number belongs to one person only.

    The number itself is ciphertext bound to this row's id; equality is asked of the keyed ``blind_index``
    (HMAC-SHA-256, 32 bytes); what lists show is ``mask``.
    """

    class Kind(models.TextChoices):
        ID_CARD = "id_card", _("居民身份证")
        HMT_PERMIT = "hmt_permit", _("港澳台居民居住证")
        FOREIGN_PR = "foreign_pr", _("外国人永久居留身份证")
        FOREIGN_PR_OLD = "foreign_pr_old", _("外国人永久居留证(旧)")
        PASSPORT = "passport", _("护照")
        HM_PASS = "hm_pass", _("港澳居民来往内地通行证")
        TW_PASS = "tw_pass", _("台湾居民来往大陆通行证")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        Person,
        verbose_name=_("人员"),
        on_delete=models.PROTECT,
        related_name="documents",
        db_constraint=False,  # kept by the set: sql/references.sql
    )
    kind = models.CharField(_("证件类型"), max_length=16, choices=Kind.choices)
    sealed = models.BinaryField(_("密文"))
    blind_index = models.BinaryField(_("盲索引"), max_length=32, unique=True)
    mask = models.CharField(_("遮盖显示"), max_length=24)
    is_primary = models.BooleanField(_("主证件"), default=True, db_default=True)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "people_document"
        verbose_name = _("证件")
        verbose_name_plural = _("证件")
        indexes = [
            # The few whose papers change are who may be on record twice.
            models.Index(
                fields=["person"], condition=~models.Q(kind="id_card"), name="people_document_other_kinds"
            )
        ]

    def __str__(self) -> str:
        return self.mask


class Phone(models.Model):
    """A telephone number of a person; several people may share one, which is itself worth a look (A36)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        Person,
        verbose_name=_("人员"),
        on_delete=models.PROTECT,
        related_name="phones",
        db_constraint=False,  # kept by the set: sql/references.sql
    )
    sealed = models.BinaryField(_("密文"))
    blind_index = models.BinaryField(_("盲索引"), max_length=32, db_index=True)
    mask = models.CharField(_("遮盖显示"), max_length=20)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "people_phone"
        verbose_name = _("联系电话")
        verbose_name_plural = _("联系电话")
        constraints = [
            models.UniqueConstraint(fields=["person", "blind_index"], name="people_phone_once_per_person")
        ]

    def __str__(self) -> str:
        return self.mask


class BankAccount(models.Model):
    """An account that a subsidy could be paid to."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        Person,
        verbose_name=_("人员"),
        on_delete=models.PROTECT,
        related_name="accounts",
        db_constraint=False,  # kept by the set: sql/references.sql
    )
    bank_name = models.CharField(_("开户银行"), max_length=100, blank=True)
    holder_name = models.CharField(_("银行户名"), max_length=100, blank=True)
    sealed = models.BinaryField(_("密文"))
    blind_index = models.BinaryField(_("盲索引"), max_length=32, db_index=True)
    mask = models.CharField(_("遮盖显示"), max_length=24)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "people_bankaccount"
        verbose_name = _("银行账户")
        verbose_name_plural = _("银行账户")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "blind_index"], name="people_bankaccount_once_per_person"
            )
        ]

    def __str__(self) -> str:
        return self.mask


class MatchCase(models.Model):
    """Two records that may be one person: the middle answer, which a human decides."""

    class State(models.TextChoices):
        OPEN = "open", _("待确认")
        SAME = "same", _("同一人,已合并")
        DIFFERENT = "different", _("不是同一人")

    class Reason(models.TextChoices):
        NAME_BIRTH_PHONE = "name_birth_phone", _("姓名、出生日期与电话相同")
        NAME_BIRTH_OTHER_DOCUMENT = "name_birth_document", _("姓名与出生日期相同,证件类型不同")

    first = models.ForeignKey(Person, verbose_name=_("已有人员"), on_delete=models.PROTECT, related_name="+")
    second = models.ForeignKey(
        Person, verbose_name=_("新登记人员"), on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("缘由"), max_length=24, choices=Reason.choices)
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.OPEN, db_default=State.OPEN
    )
    batch_id = models.UUIDField(_("批次"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("处理人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    note = models.CharField(_("说明"), max_length=200, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("发现时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "people_matchcase"
        verbose_name = _("疑似同一人")
        verbose_name_plural = _("疑似同一人")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="people_matchcase_pair_once"),
            models.CheckConstraint(
                name="people_matchcase_two_people",
                condition=~models.Q(first=models.F("second")),
                violation_error_message=_("同一条记录不能与自己比对。"),
            ),
        ]

    def __str__(self) -> str:
        return f"match {self.pk}"


class Merge(models.Model):
    """One person record folded into another, with all that moved, so that it can be undone to the row."""

    survivor = models.ForeignKey(Person, verbose_name=_("保留"), on_delete=models.PROTECT, related_name="+")
    absorbed = models.ForeignKey(Person, verbose_name=_("并入"), on_delete=models.PROTECT, related_name="+")
    moved = models.JSONField(_("移动的记录"), help_text=_("表名 → 主键列表"))
    reason = models.CharField(_("理由"), max_length=200)
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("合并人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    merged_at = models.DateTimeField(_("合并时间"), db_default=Now(), editable=False)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("撤销人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        db_table = "people_merge"
        verbose_name = _("人员合并")
        verbose_name_plural = _("人员合并")
        constraints = [
            models.UniqueConstraint(
                fields=["absorbed"],
                condition=models.Q(undone_at__isnull=True),
                name="people_merge_one_open",
                violation_error_message=_("该人员已经并入他人。"),
            )
        ]

    def __str__(self) -> str:
        return f"merge {self.pk}"
