"""For how long certificates of a family hold, as dated rows."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from certificates.issuance.models import Certificate


class Validity(models.Model):
    """Certificates of a family that are issued from a day on hold for so many months; 0 has no end. Without a row a
    family never ends. Rows are only added (`sql/validity.sql`): what was issued keeps the day that stands on it.
    """

    family = models.CharField(_("证书类别"), max_length=14, choices=Certificate.Family.choices)
    months = models.PositiveSmallIntegerField(_("有效期（月）"))
    valid_from = models.DateField(_("生效日期"))
    document_no = models.CharField(_("依据"), max_length=120)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("设定人"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    made_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "issuance_validity"
        verbose_name = _("证书有效期")
        verbose_name_plural = _("证书有效期")
        ordering: ClassVar = ["family", "-valid_from", "-id"]

    def __str__(self) -> str:
        return f"{self.family} {self.valid_from}: {self.months}"
