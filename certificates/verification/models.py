"""That somebody checked a certificate, and the links by which holders let others check."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Lookup(models.Model):
    """One check. Kept `verify.log_days`, so that holders see how often theirs was asked after, and misuse is seen.

    Nothing of what was typed is kept; the address is an HMAC of 16 bytes under a key of its own.
    """

    class Way(models.TextChoices):
        NUMBER = "number", _("编号和姓名")
        CODE = "code", _("核验码")
        LIST = "list", _("名单核验")
        SHARE = "share", _("持证人分享")
        API = "api", _("接口")

    at = models.DateTimeField(_("时间"), db_default=Now(), editable=False)
    # No reference: checks are written by the hundred a second, and are gone after weeks.
    certificate_id = models.BigIntegerField(_("证书"), null=True, blank=True)
    way = models.CharField(_("方式"), max_length=8, choices=Way.choices)
    answer = models.CharField(_("答复"), max_length=12)
    asker = models.BinaryField(_("来源标识"), max_length=16, null=True, blank=True)
    share_id = models.BigIntegerField(_("分享"), null=True, blank=True)

    class Meta:
        db_table = "verification_lookup"
        verbose_name = _("核验记录")
        verbose_name_plural = _("核验记录")
        indexes: ClassVar = [
            models.Index(fields=["certificate_id", "at"], name="verification_lookup_of"),
            models.Index(fields=["at"], name="verification_lookup_at"),
            models.Index(
                fields=["share_id", "at"],
                name="verification_lookup_share",
                condition=Q(share_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.answer}"


class Share(models.Model):
    """A link that a holder hands out: until a day, whoever has it sees how the certificate stands.

    The token is in the link alone; here lies its SHA-256.
    """

    token = models.BinaryField(_("链接摘要"), max_length=32, unique=True)
    certificate = models.ForeignKey(
        "certificates.Certificate", verbose_name=_("证书"), on_delete=models.CASCADE, related_name="shares"
    )
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("持证人"), on_delete=models.CASCADE, related_name="+"
    )
    label = models.CharField(_("给谁"), max_length=40, blank=True, default="")
    with_name = models.BooleanField(_("显示完整姓名"), default=False)
    created_at = models.DateTimeField(_("建立时间"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("有效期至"))
    ended_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    class Meta:
        db_table = "verification_share"
        verbose_name = _("证书分享")
        verbose_name_plural = _("证书分享")
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="verification_share_until")]

    def __str__(self) -> str:
        return f"share {self.pk}"
