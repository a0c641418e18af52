"""A class: one provider teaching one thing from one day to another, and its timetable."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from training.catalogue.codes import Funding, TrainingType


class TrainingClass(models.Model):
    """Known by its provider and number. ``region`` is the one leaf of the division tree it is counted in."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        OPEN = "open", _("报名中")
        RUNNING = "running", _("开班中")
        SUSPENDED = "suspended", _("中止")
        ENDED = "ended", _("已结班")
        FINISHED = "finished", _("已结业")
        CANCELLED = "cancelled", _("已撤销")

    TAKES_PEOPLE = (State.DRAFT, State.OPEN, State.RUNNING)
    # Whether the school said so or a ledger did.
    OVER = (State.ENDED, State.FINISHED)

    institution = models.ForeignKey(
        "registry.Institution", verbose_name=_("培训机构"), on_delete=models.PROTECT, related_name="classes"
    )
    number = models.CharField(_("班级编号"), max_length=60)
    name = models.CharField(_("班级名称"), max_length=120, blank=True, default="", db_default="")
    project = models.ForeignKey(
        "training.Project",
        verbose_name=_("培训项目"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="classes",
    )
    occupation = models.ForeignKey(
        "registry.Occupation",
        verbose_name=_("职业"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    occupation_text = models.CharField(_("培训工种"), max_length=120, blank=True, default="", db_default="")
    level = models.ForeignKey(
        "registry.SkillLevel",
        verbose_name=_("等级"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    training_type = models.CharField(
        _("培训类型"), max_length=20, choices=TrainingType.choices, default=TrainingType.EMPLOYMENT
    )
    funding = models.CharField(_("经费"), max_length=10, choices=Funding.choices, default=Funding.SUBSIDISED)
    region = models.ForeignKey(
        "registry.Region", verbose_name=_("统计地区"), on_delete=models.PROTECT, related_name="+"
    )
    starts_on = models.DateField(_("开班日期"))
    ends_on = models.DateField(_("结班日期"))
    hours = models.DecimalField(_("课时"), max_digits=6, decimal_places=1, null=True, blank=True)
    capacity = models.PositiveSmallIntegerField(_("班额"), null=True, blank=True)
    place = models.CharField(_("上课地点"), max_length=200, blank=True, default="", db_default="")
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    batch_id = models.UUIDField(_("来源批次"), null=True, blank=True)
    row_no = models.IntegerField(_("来源行"), null=True, blank=True)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "classes_trainingclass"
        verbose_name = _("班级")
        verbose_name_plural = _("班级")
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "number"],
                name="classes_number_once_per_institution",
                violation_error_message=_("该机构已有同一编号的班级。"),
            ),
            models.CheckConstraint(
                name="classes_ends_after_start",
                condition=models.Q(ends_on__gte=models.F("starts_on")),
                violation_error_message=_("结班日期不能早于开班日期。"),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_over(self) -> bool:
        return self.state in self.OVER


class Session(models.Model):
    """One sitting on the timetable: day, half-open interval [starts, ends), place."""

    klass = models.ForeignKey(
        TrainingClass, verbose_name=_("班级"), on_delete=models.CASCADE, related_name="sessions"
    )
    on = models.DateField(_("上课日期"))
    starts = models.TimeField(_("开始"))
    ends = models.TimeField(_("结束"))
    place = models.CharField(_("地点"), max_length=200, blank=True, default="", db_default="")
    topic = models.CharField(_("内容"), max_length=200, blank=True, default="", db_default="")

    class Meta:
        db_table = "classes_session"
        verbose_name = _("课次")
        verbose_name_plural = _("课次")
        indexes = [models.Index(fields=["on"], name="classes_session_on")]
        constraints = [
            models.CheckConstraint(
                name="classes_session_ends_after_start",
                condition=models.Q(ends__gt=models.F("starts")),
                violation_error_message=_("下课时间须晚于上课时间。"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.starts}"
