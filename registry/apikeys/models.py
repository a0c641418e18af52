"""Keys by which an institution's own system uses the API, and the calls that were made once."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.institutions.models import Institution


class ApiKey(models.Model):
    """One key. Of the secret only the SHA-256 is kept: 256 bits drawn by chance need no slow hash.

    It acts as an account of its own (`account`), so that the record names the key. Two keys of one purpose may be good
    at the same time (`slot` 1 and 2), so that a system can change over; a key that is over holds no slot.
    """

    kid = models.CharField(_("编号"), max_length=8, unique=True, db_collation="C")
    digest = models.BinaryField(_("密钥摘要"), max_length=32)
    institution = models.ForeignKey(
        Institution, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="api_keys"
    )
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("账号"), on_delete=models.PROTECT, related_name="api_key"
    )
    purpose = models.CharField(_("用途"), max_length=40)
    slot = models.PositiveSmallIntegerField(_("并行位"), null=True)
    scopes = ArrayField(models.CharField(max_length=30), verbose_name=_("范围"))
    networks = ArrayField(
        models.CharField(max_length=43), verbose_name=_("来源地址"), default=list, blank=True
    )
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"))
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("签发人"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("签发时间"), db_default=Now(), editable=False)
    used_at = models.DateTimeField(_("最近使用"), null=True)
    revoked_at = models.DateTimeField(_("吊销时间"), null=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("吊销人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        db_table = "apikeys_apikey"
        verbose_name = _("接口密钥")
        verbose_name_plural = _("接口密钥")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution", "purpose", "slot"],
                name="apikeys_two_of_a_purpose",
                violation_error_message=_("同一用途最多有两把有效的密钥，请先吊销一把。"),
            ),
            models.CheckConstraint(
                name="apikeys_slot",
                condition=Q(slot__isnull=True) | Q(slot__in=(1, 2), revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                name="apikeys_period",
                condition=Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("截止日期早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"zj_{self.kid}"


class IdempotentCall(models.Model):
    """A writing call that had its effect: the same key and content again gets the answer of then, and no new effect."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("账号"), on_delete=models.CASCADE, related_name="+"
    )
    key = models.BinaryField(_("幂等键摘要"), max_length=32)
    request = models.BinaryField(_("请求摘要"), max_length=32)
    status = models.PositiveSmallIntegerField(_("状态码"), null=True)
    answer = models.BinaryField(_("答复"), null=True)
    created_at = models.DateTimeField(_("时间"), db_default=Now(), editable=False, db_index=True)

    class Meta:
        db_table = "apikeys_idempotentcall"
        verbose_name = _("幂等调用")
        verbose_name_plural = _("幂等调用")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "key"], name="apikeys_call_once"),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"
