"""The one table of the library: how often something was done lately."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Counter(models.Model):
    """When something was last done, for as long as a limit asks: an unlogged table, emptied by a crash of the server.

    The key is an HMAC, so that neither addresses nor numbers lie in it.
    """

    key = models.BinaryField(_("键"), max_length=32, primary_key=True)
    hits = ArrayField(models.DateTimeField(), verbose_name=_("时刻"))
    until = models.DateTimeField(_("保留至"), db_index=True)

    class Meta:
        db_table = "lib_counter"
        verbose_name = _("限次计数")
        verbose_name_plural = _("限次计数")

    def __str__(self) -> str:
        return f"counter {len(self.hits)}"
