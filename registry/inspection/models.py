"""A comparison of the register with its record, run in the background: how far it is, and what it found."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User


class Check(models.Model):
    """One comparison. `findings` holds the first so many faults, `found` counts all of them."""

    class State(models.TextChoices):
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("核验中")
        SAME = "same", _("一致")
        DIFFERS = "differs", _("不一致")
        FAILED = "failed", _("未能完成")

    UNDER_WAY = (State.WAITING, State.RUNNING)

    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, verbose_name=_("发起人"))
    asked_at = models.DateTimeField(_("发起时间"), db_default=Now(), editable=False)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.WAITING)
    done = models.IntegerField(_("已核数据表"), default=0)
    total = models.IntegerField(_("数据表总数"), default=0)
    table_name = models.CharField(_("正在核验"), max_length=63, blank=True, default="")
    manifests = models.BigIntegerField(_("行清单"), default=0)
    rows = models.BigIntegerField(_("行数"), default=0)
    details = models.BigIntegerField(_("详情"), default=0)
    found = models.BigIntegerField(_("不一致"), default=0)
    findings = models.JSONField(_("不一致的行"), default=list)
    finished_at = models.DateTimeField(_("完成时间"), null=True)

    class Meta:
        db_table = "inspection_check"
        verbose_name = _("数据核验")
        verbose_name_plural = _("数据核验")
        constraints: ClassVar = [
            models.UniqueConstraint(
                models.Value(1),
                name="inspection_check_one_at_a_time",
                condition=models.Q(state__in=("waiting", "running")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def under_way(self) -> bool:
        return self.state in self.UNDER_WAY
