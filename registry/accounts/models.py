"""Accounts, and the capacities in which their holders act."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin, UserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


class Role(models.TextChoices):
    """The fifteen roles; the codes are those of the permission matrix."""

    PUB = "PUB", _("公众")
    TRN = "TRN", _("学员")
    PC = "PC", _("机构经办")
    PP = "PP", _("机构负责人")
    EB = "EB", _("评价机构经办")
    ES = "ES", _("评价机构签发人")
    C1 = "C1", _("县级初审")
    C2 = "C2", _("地级复核")
    RG = "RG", _("自治区监管")
    FM = "FM", _("财务制单")
    FP = "FP", _("财务拨付")
    AUD = "AUD", _("审计")
    SYS = "SYS", _("系统管理员")
    SEC = "SEC", _("安全管理员")
    AAD = "AAD", _("审计管理员")


INSTITUTION_ROLES = (Role.PC, Role.PP, Role.EB, Role.ES)
#: Who examines there; the others train.
ASSESSOR_ROLES = (Role.EB, Role.ES)
REGION_ROLES = (Role.C1, Role.C2, Role.RG, Role.FM, Role.FP)
# Neither an institution nor a region: a trainee is bound to a person, an auditor sees all, the three
# administrators see no business at all.
UNPLACED_ROLES = (Role.TRN, Role.AUD, Role.SYS, Role.SEC, Role.AAD)
#: Three natural persons (三员分立), none of whom holds any other role of staff at the same time.
ADMINISTRATORS = (Role.SYS, Role.SEC, Role.AAD)


class Holder(models.Model):
    """One natural person who holds accounts, known by the keyed index of an identity number and nothing else.

    Rules of four eyes compare holders, without this room knowing people. `sealed` is the number itself, bound to this
    row's id, where it is known: only with it can the index be made anew under another key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person_index = models.BinaryField(_("证件号码索引"), max_length=32, unique=True, editable=False)
    sealed = models.BinaryField(_("密文"), null=True, blank=True, editable=False)

    class Meta:
        db_table = "accounts_holder"
        verbose_name = _("自然人")
        verbose_name_plural = _("自然人")

    def __str__(self) -> str:
        return str(self.pk)


class User(AbstractBaseUser, PermissionsMixin):
    """One account of one natural person, the `holder`.

    An account whose holder is not known may look, and take no part in what needs several persons.
    """

    username = models.CharField(
        _("用户名"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": _("已有同名账号。")},
    )
    display_name = models.CharField(_("姓名"), max_length=100, blank=True, default="")
    holder = models.ForeignKey(
        Holder,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="accounts",
        verbose_name=_("自然人"),
    )
    is_active = models.BooleanField(_("启用"), default=True)
    is_staff = models.BooleanField(_("可进后台"), default=False)
    must_change = models.BooleanField(_("须改密码"), default=False, editable=False)
    password_set_at = models.DateTimeField(_("密码设定时间"), default=timezone.now, editable=False)
    created_at = models.DateTimeField(_("建立时间"), auto_now_add=True)

    objects = UserManager["User"]()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = ""
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        db_table = "accounts_user"
        verbose_name = _("账号")
        verbose_name_plural = _("账号")

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        """What a page or a record calls this person."""
        return str(self)

    get_short_name = get_full_name

    @property
    def name_on_record(self) -> str:
        """What the record calls the holder: of a trainee no name, because it is kept for ever."""
        held = set(self.memberships.values_list("role", flat=True))
        return str(Role.TRN.label) if held == {Role.TRN} else str(self)


class FormerPassword(models.Model):
    """The hash of a password that an account had or has, so that it is not chosen again."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="former_passwords", verbose_name=_("账号")
    )
    password = models.CharField(_("密码散列"), max_length=128)
    set_at = models.DateTimeField(_("设定时间"), auto_now_add=True)

    class Meta:
        db_table = "accounts_former_password"
        verbose_name = _("用过的密码")
        verbose_name_plural = _("用过的密码")

    def __str__(self) -> str:
        return f"{self.user_id} · {self.set_at:%Y-%m-%d}"


class Membership(models.Model):
    """A role held by an account at an institution or in a region, from a day to a day (both included).

    Triggers hold what a row cannot say: staff roles have an end and a natural person, administrators hold no second
    role, and what was given only ends earlier, never later.
    """

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("账号")
    )
    role = models.CharField(_("角色"), max_length=3, choices=Role.choices)
    institution = models.ForeignKey(
        "registry.Institution",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("机构"),
    )
    region = models.ForeignKey(
        "registry.Region",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("区划"),
    )
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    granted_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("授予人"),
    )
    agreed_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("同意人"),
    )

    class Meta:
        db_table = "accounts_membership"
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="membership_place_fits_role",
                condition=(
                    Q(role__in=INSTITUTION_ROLES, institution__isnull=False, region__isnull=True)
                    | Q(role__in=REGION_ROLES, institution__isnull=True, region__isnull=False)
                    | Q(role__in=UNPLACED_ROLES, institution__isnull=True, region__isnull=True)
                ),
                violation_error_message=_("机构类角色须指定机构，区划类角色须指定区划，其余角色两者都不填。"),
            ),
            models.CheckConstraint(
                name="membership_period",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("截止日期早于生效日期。"),
            ),
            models.UniqueConstraint(
                name="membership_once",
                fields=["user", "role", "institution", "region", "valid_from"],
                nulls_distinct=False,
                violation_error_message=_("该账号已有同一任职。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    @property
    def place_name(self) -> str:
        """Of the institution or division where the role is held; empty for a role without a place."""
        place = self.institution or self.region
        return place.name if place else ""


class SmsMessage(models.Model):
    """A text message on its way: what is sent and to whom is sealed, and destroyed once it was sent or given up."""

    class State(models.TextChoices):
        WAITING = "waiting", _("待发送")
        SENT = "sent", _("已发送")
        DROPPED = "dropped", _("未发送")
        FAILED = "failed", _("发送失败")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sealed = models.BinaryField(_("密文"))
    state = models.CharField(
        _("状态"), max_length=8, choices=State.choices, default=State.WAITING, db_default=State.WAITING
    )
    why = models.CharField(_("原因"), max_length=40, blank=True, default="", db_default="")
    expires_at = models.DateTimeField(_("有效至"))
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)
    done_at = models.DateTimeField(_("办结时间"), null=True, blank=True)

    class Meta:
        db_table = "accounts_smsmessage"
        verbose_name = _("短信")
        verbose_name_plural = _("短信")
        indexes: ClassVar = [models.Index(fields=["created_at"], name="accounts_sms_by_time")]

    def __str__(self) -> str:
        return f"sms {self.pk}"
