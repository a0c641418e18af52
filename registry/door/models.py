"""What the trainees' door keeps: each try, and each time that somebody's identity was proved."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7
from registry.people.models import Person


class Knock(models.Model):
    """One try to sign in with a name and an identity number, and the code that went out for it.

    A try that found nobody has a row like any other, with a code that was sent to nobody: nothing about the work that
    is done tells the two apart. The number is there as its keyed index only, the code and the network as an HMAC.
    """

    class Outcome(models.TextChoices):
        MATCH = "match", _("相符")
        OTHER_NAME = "other_name", _("姓名不符")
        UNKNOWN = "unknown", _("没有登记")
        SILENT = "silent", _("不能发送")

    # The browser knows it: drawn by chance alone, unlike ids that tell when they were made.
    id = models.UUIDField(primary_key=True, editable=False)
    outcome = models.CharField(_("结果"), max_length=10, choices=Outcome.choices)
    person = models.ForeignKey(
        Person,
        verbose_name=_("人员"),
        null=True,
        on_delete=models.CASCADE,
        related_name="knocks",
        # A key would look the person up, and lock them, only where somebody was found.
        db_constraint=False,
    )
    phone_index = models.BinaryField(_("电话索引"), max_length=32, null=True)
    number_index = models.BinaryField(_("号码索引"), max_length=32)
    name_index = models.BinaryField(_("姓名索引"), max_length=32)
    network = models.BinaryField(_("网络"), max_length=32)
    code = models.BinaryField(_("验证码摘要"), max_length=32)
    tries = models.PositiveSmallIntegerField(_("已试次数"), default=0, db_default=0)
    expires_at = models.DateTimeField(_("有效至"))
    used_at = models.DateTimeField(_("登录时间"), null=True)
    created_at = models.DateTimeField(_("时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "door_knock"
        verbose_name = _("学员登录核对")
        verbose_name_plural = _("学员登录核对")
        indexes: ClassVar = [
            models.Index(fields=["created_at"], name="door_knock_by_time"),
        ]

    def __str__(self) -> str:
        return f"knock {self.pk}"


class Verification(models.Model):
    """Somebody's identity was proved: by the state's own sign-in, or before a clerk; holds until a day, included."""

    class Kind(models.TextChoices):
        IN_PERSON = "in_person", _("现场核验")
        OIDC = "oidc", _("政务身份认证")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        Person, verbose_name=_("人员"), on_delete=models.CASCADE, related_name="verifications"
    )
    kind = models.CharField(_("方式"), max_length=10, choices=Kind.choices)
    phone_index = models.BinaryField(_("核对的电话"), max_length=32, null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("核验人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    valid_to = models.DateField(_("有效至"))
    created_at = models.DateTimeField(_("核验时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "door_verification"
        verbose_name = _("身份核验")
        verbose_name_plural = _("身份核验")
        indexes: ClassVar = [
            models.Index(fields=["person", "-created_at"], name="door_verification_of_person")
        ]

    def __str__(self) -> str:
        return f"verification {self.pk}"
