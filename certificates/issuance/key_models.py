"""What is signed anew when the key that signed it may be in other hands, and how far that has come."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


class Resignature(models.Model):
    """A certificate's content signed anew (重签): the same claims but for the key's id.

    The latest is what is handed out; the first signature stays with the intent. Rows are only added; the content of
    an erased holder is emptied (sql/resigning.sql).
    """

    attestation = models.ForeignKey(
        "certificates.Attestation",
        verbose_name=_("证书底档"),
        on_delete=models.PROTECT,
        related_name="resignatures",
        db_index=False,
    )
    key = models.ForeignKey(
        "certificates.SigningKey",
        verbose_name=_("签发密钥"),
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    payload = models.BinaryField(_("签名内容"))
    signature = models.BinaryField(_("签名"))
    made_at = models.DateTimeField(_("重签时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "issuance_resignature"
        verbose_name = _("重签")
        verbose_name_plural = _("重签")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["attestation", "key"], name="issuance_resignature_once")
        ]

    def __str__(self) -> str:
        return f"{self.attestation_id}/{self.key_id}"


class Resigning(models.Model):
    """All certificates that stand under a compromised key, to be signed with the body's key of today."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.ForeignKey(
        "certificates.SigningKey",
        verbose_name=_("已泄露的密钥"),
        on_delete=models.PROTECT,
        related_name="resignings",
    )
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("经办人"), on_delete=models.PROTECT, related_name="+"
    )
    total = models.PositiveIntegerField(_("应重签"))
    done = models.PositiveIntegerField(_("已重签"), default=0, db_default=0)
    created_at = models.DateTimeField(_("建立时间"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("完成时间"), null=True, blank=True)

    class Meta:
        db_table = "issuance_resigning"
        verbose_name = _("重签任务")
        verbose_name_plural = _("重签任务")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key"], condition=Q(finished_at__isnull=True), name="issuance_resigning_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key_id} {self.done}/{self.total}"
