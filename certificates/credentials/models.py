"""What a holder has made to take away, and the order in which certificates changed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


class Credential(models.Model):
    """A certificate in a form of others, signed by its body, sealed for its holder and kept for some days."""

    class Form(models.TextChoices):
        VC = "vc", _("可验证凭证（W3C）")
        BADGE = "badge", _("开放徽章（JSON）")
        TOKEN = "token", _("开放徽章（JWT）")

    class State(models.TextChoices):
        MAKING = "making", _("生成中")
        READY = "ready", _("可下载")
        FAILED = "failed", _("生成失败")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    certificate = models.ForeignKey(
        "certificates.Certificate",
        verbose_name=_("证书"),
        on_delete=models.PROTECT,
        related_name="credentials",
    )
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("持证人"), on_delete=models.PROTECT, related_name="credentials"
    )
    form = models.CharField(_("格式"), max_length=8, choices=Form.choices)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.MAKING)
    content = models.BinaryField(_("内容（加密）"), null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("申请人"), on_delete=models.PROTECT, related_name="+"
    )
    asked_at = models.DateTimeField(_("申请时间"), db_default=Now(), editable=False)
    expires_on = models.DateField(_("保留至"))

    class Meta:
        db_table = "credentials_credential"
        verbose_name = _("电子凭证")
        verbose_name_plural = _("电子凭证")
        ordering: ClassVar = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.form} {self.pk}"


class Transcript(models.Model):
    """A person's trainings and certificates as they stood at one moment, with a code by which others check the paper.

    The files go after some days; their fingerprints stay, and the check page answers, until `expires_on` or until the
    person takes it back.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person = models.ForeignKey(
        "registry.Person", verbose_name=_("本人"), on_delete=models.PROTECT, related_name="transcripts"
    )
    code = models.CharField(_("核验码"), max_length=16, unique=True, db_collation="C")
    trainings = models.PositiveIntegerField(_("培训记录数"), default=0)
    certificates = models.PositiveIntegerField(_("证书数"), default=0)
    content = models.BinaryField(_("JSON 文件（加密）"), null=True)
    paper = models.BinaryField(_("PDF 文件（加密）"), null=True)
    content_digest = models.BinaryField(_("JSON 指纹"), max_length=32)
    paper_digest = models.BinaryField(_("PDF 指纹"), max_length=32)
    made_at = models.DateTimeField(_("出具时间"))
    kept_until = models.DateField(_("文件保留至"))
    expires_on = models.DateField(_("可核验至"))
    withdrawn_at = models.DateTimeField(_("收回时间"), null=True)
    checks = models.PositiveIntegerField(_("被核验次数"), default=0)

    class Meta:
        db_table = "credentials_transcript"
        verbose_name = _("电子档案")
        verbose_name_plural = _("电子档案")
        ordering: ClassVar = ["-made_at"]

    def __str__(self) -> str:
        return f"transcript {self.pk}"


class Change(models.Model):
    """A certificate came into being, or what it answers changed: written by trigger in the transaction that did it.

    `position` is given afterwards, once the change stands, one after the other (sql/changes.sql): whoever has read up
    to a position has missed nothing before it.
    """

    certificate = models.ForeignKey(
        "certificates.Certificate",
        verbose_name=_("证书"),
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    institution = models.ForeignKey(
        "registry.Institution",
        verbose_name=_("机构"),
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    at = models.DateTimeField(_("时间"), db_default=Now(), editable=False)
    position = models.BigIntegerField(_("序号"), null=True, unique=True)

    class Meta:
        db_table = "credentials_change"
        verbose_name = _("证书变更")
        verbose_name_plural = _("证书变更")
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=models.Q(position__isnull=True), name="credentials_change_waiting"
            ),
            models.Index(fields=["institution", "position"], name="credentials_change_of_body"),
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.certificate_id}"
