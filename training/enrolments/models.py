"""An enrolment: one person in one class. The row that person-times (人次) are counted from."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from training.catalogue.codes import Funding, PersonCategory, TrainingType


class Enrolment(models.Model):
    """One person in one class, with the facts it is counted by frozen on the row.

    ``finished_on`` is the counting date of 结业人次 (domain §6.1); null means not counted. ``firsts`` holds
    the marks from which 人数 is added up: see docs/decisions on counting people.
    """

    class State(models.TextChoices):
        ENROLLED = "enrolled", _("已报名")
        STUDYING = "studying", _("在训")
        FINISHED = "finished", _("已结业")
        FAILED = "failed", _("未结业")
        WITHDRAWN = "withdrawn", _("已退出")

    class Result(models.TextChoices):
        NONE = "", _("未考核")
        PASS = "pass", _("合格")
        FAIL = "fail", _("不合格")

    MOVES: ClassVar[dict[str, tuple[str, ...]]] = {
        # A ledger reports the end of a class without anybody having said that it began.
        State.ENROLLED: (State.STUDYING, State.FINISHED, State.FAILED, State.WITHDRAWN),
        State.STUDYING: (State.FINISHED, State.FAILED, State.WITHDRAWN),
        State.FINISHED: (),
        State.FAILED: (),
        State.WITHDRAWN: (),
    }

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(
        "registry.Person",
        verbose_name=_("学员"),
        on_delete=models.PROTECT,
        related_name="enrolments",
        db_index=False,
        db_constraint=False,  # this and the next are kept by the set: sql/references.sql
    )
    klass = models.ForeignKey(
        "training.TrainingClass",
        verbose_name=_("班级"),
        on_delete=models.PROTECT,
        related_name="enrolments",
        db_constraint=False,
    )
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.ENROLLED)
    category = models.CharField(
        _("人员类别"), max_length=20, choices=PersonCategory.choices, blank=True, default=""
    )
    hours = models.DecimalField(_("课时"), max_digits=6, decimal_places=1, null=True, blank=True)
    score = models.DecimalField(_("考核成绩"), max_digits=5, decimal_places=1, null=True, blank=True)
    result = models.CharField(
        _("考核结果"), max_length=4, choices=Result.choices, default=Result.NONE, blank=True
    )
    started_on = models.DateField(_("开始日期"))
    finished_on = models.DateField(_("结业日期"), null=True, blank=True)
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    funding = models.CharField(_("经费"), max_length=10, choices=Funding.choices)
    training_type = models.CharField(_("培训类型"), max_length=20, choices=TrainingType.choices)
    firsts = models.IntegerField(_("人数标记"), default=0, db_default=0, editable=False)
    batch_id = models.UUIDField(_("来源批次"), null=True, blank=True)
    row_no = models.IntegerField(_("来源行"), null=True, blank=True)
    # The row that reported the result, where another than the one that enrolled.
    result_batch_id = models.UUIDField(_("结果来源批次"), null=True, blank=True)
    result_row_no = models.IntegerField(_("结果来源行"), null=True, blank=True)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "enrolments_enrolment"
        verbose_name = _("培训记录")
        verbose_name_plural = _("培训记录")
        constraints = [
            models.UniqueConstraint(
                fields=["person", "klass"],
                name="enrolments_once_per_class",
                violation_error_message=_("该学员已在本班名单中。"),
            ),
            models.CheckConstraint(
                name="enrolments_counted_only_when_finished",
                condition=models.Q(finished_on__isnull=True) | models.Q(state="finished"),
                violation_error_message=_("只有已结业的培训记录才有结业日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"enrolment {self.pk}"
