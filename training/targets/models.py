"""Plans and their numbers as printed, the remarks that travel with them, and the roll-up tables.

A plan's number is kept twice: the words of the document (`printed`, `unit`) and the figure that can be counted
against (`value` in that unit). Neither is derived from the other, so that nothing is lost in conversion.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from training.targets.tables import (
    ClassMonth,
    CountedPerson,
    CubeClass,
    CubeMonth,
    CubeProvider,
    CubeYear,
    Delta,
    Dims,
    NodeMonth,
    NodeYear,
    PersonDelta,
    ProviderYear,
)

__all__ = [
    "Allocation",
    "ClassMonth",
    "CountedPerson",
    "CubeClass",
    "CubeMonth",
    "CubeProvider",
    "CubeYear",
    "Delta",
    "Dims",
    "Discrepancy",
    "Edition",
    "Indicator",
    "NodeMonth",
    "NodeYear",
    "PersonDelta",
    "Plan",
    "ProviderYear",
    "Target",
]


class Event(models.TextChoices):
    """What makes one unit of the count: the choice is part of an indicator, never a habit of the program."""

    STARTED = "started", _("开班人次")
    FINISHED = "finished", _("结业人次")
    CERTIFIED = "certified", _("取证人次")
    PAID = "paid", _("补贴人次")
    HIGH_NEW = "high_new", _("新增高技能人才")
    STOCK = "stock", _("存量")
    NONE = "none", _("本系统不登记")


class RegionBasis(models.TextChoices):
    """Four ways to say where a row belongs; roll-ups go by the first, the others are kept as a statement."""

    FUNDING = "funding", _("资金拨付或组织地")
    SITE = "site", _("培训地")
    HOUSEHOLD = "household", _("户籍地")
    RESIDENCE = "residence", _("常住地")


class Kind(models.TextChoices):
    """How a number is to be read against time."""

    BASELINE = "baseline", _("基期累计")
    ANNUAL_BASELINE = "annual_baseline", _("基期年度")
    CUMULATIVE = "cumulative", _("累计目标")
    SUBSET = "subset", _("累计目标（其中）")
    FLOW = "flow", _("新增")
    ANNUAL_AVERAGE = "annual_average", _("年均")
    ANNUAL = "annual", _("每年")
    STOCK = "stock", _("存量")
    RATIO = "ratio", _("比率")
    COVERAGE = "coverage", _("覆盖")
    FREQUENCY = "frequency", _("频次")
    NAMED = "named", _("名称中的数")
    ELIGIBILITY = "eligibility", _("条件")
    EQUIVALENCE = "equivalence", _("比照")


class Nature(models.TextChoices):
    """The flag that a plan prints beside a number; it travels with the number."""

    INDICATIVE = "indicative", _("预期性")
    BINDING = "binding", _("约束性")
    UNSTATED = "unstated", _("未注明")


class Bound(models.TextChoices):
    """The sign before a number, as printed."""

    NONE = "", _("无")
    AT_LEAST = "ge", "≥"
    ABOUT = "approx", "≈"


class Plan(models.Model):
    """One document that sets numbers for one region. Its own date and the date of our copy are two dates."""

    code = models.CharField(_("代号"), max_length=8, primary_key=True, db_collation="C")
    name = models.CharField(_("名称"), max_length=120)
    document_no = models.CharField(_("文号"), max_length=60, blank=True, default="")
    dated = models.CharField(
        _("文件日期"), max_length=30, blank=True, help_text=_("照文件所载，可只到月；空表示未载")
    )
    document_date = models.DateField(_("文件日期（日）"), null=True, blank=True)
    crawl_date = models.DateField(
        _("抓取日期"), null=True, blank=True, help_text=_("网页副本的日期，不是文件日期")
    )
    region = models.ForeignKey(
        "registry.Region", models.PROTECT, related_name="plans", verbose_name=_("实施地区")
    )
    period_from = models.DateField(_("起"), null=True, blank=True)
    period_to = models.DateField(_("止"), null=True, blank=True)
    note = models.TextField(_("说明"), blank=True, default="")
    order = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        db_table = "targets_plan"
        verbose_name = _("规划")
        verbose_name_plural = _("规划")
        ordering: ClassVar[list[str]] = ["order", "code"]
        constraints = [
            models.CheckConstraint(
                name="targets_plan_period",
                condition=models.Q(period_from__isnull=True, period_to__isnull=True)
                | models.Q(period_to__gte=models.F("period_from")),
                violation_error_message=_("规划期的止日不能早于起日，且须同时填写。"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Indicator(models.Model):
    """One row of a plan's numbers: what is counted, by which event, by which map, under which filter."""

    code = models.CharField(_("编号"), max_length=8, primary_key=True, db_collation="C")
    plan = models.ForeignKey(Plan, models.CASCADE, related_name="indicators", verbose_name=_("规划"))
    name = models.CharField(_("指标"), max_length=120)
    event = models.CharField(_("计数事件"), max_length=10, choices=Event.choices)
    region_basis = models.CharField(
        _("地区归属"), max_length=10, choices=RegionBasis.choices, default=RegionBasis.FUNDING
    )
    # {"funding": [], "training_type": [], "category": [], "family": [], "min_rank": n}; see counting.Filter.
    filter = models.JSONField(_("口径条件"), default=dict, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True, help_text=_("照文件所载"))
    headline = models.BooleanField(_("看板主指标"), default=False)
    tracks_people = models.BooleanField(
        _("逐人记录"), default=False, help_text=_("按人数考核且另有条件的结业指标，须逐人记录才能去重")
    )
    order = models.PositiveSmallIntegerField(_("次序"), default=0)

    class Meta:
        db_table = "targets_indicator"
        verbose_name = _("指标")
        verbose_name_plural = _("指标")
        ordering: ClassVar[list[str]] = ["plan", "order"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Target(models.Model):
    """One number of an indicator: as printed, as a figure in the printed unit, for a period."""

    indicator = models.ForeignKey(Indicator, models.CASCADE, related_name="targets", verbose_name=_("指标"))
    part = models.PositiveSmallIntegerField(_("序"), default=1)
    item = models.CharField(_("分项"), max_length=60, blank=True, default="")
    period = models.CharField(_("时期"), max_length=30, blank=True, help_text=_("照文件所载"))
    period_from = models.DateField(_("起"), null=True, blank=True)
    period_to = models.DateField(_("止"), null=True, blank=True)
    printed = models.CharField(_("所载数"), max_length=30, help_text=_("照文件所载，含符号与括号"))
    bound = models.CharField(_("符号"), max_length=6, choices=Bound.choices, blank=True, default=Bound.NONE)
    value = models.DecimalField(_("数值"), max_digits=14, decimal_places=4, null=True, blank=True)
    value_max = models.DecimalField(_("数值上限"), max_digits=14, decimal_places=4, null=True, blank=True)
    unit = models.CharField(_("单位"), max_length=20, blank=True)
    kind = models.CharField(_("类型"), max_length=16, choices=Kind.choices)
    nature = models.CharField(_("属性"), max_length=10, choices=Nature.choices, default=Nature.UNSTATED)
    place = models.CharField(_("文中位置"), max_length=60, blank=True)
    note = models.CharField(_("附注"), max_length=200, blank=True, default="")

    class Meta:
        db_table = "targets_target"
        verbose_name = _("目标数")
        verbose_name_plural = _("目标数")
        ordering: ClassVar[list[str]] = ["indicator", "part"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "part"],
                name="targets_target_once",
                violation_error_message=_("该指标已有同一序号的目标数。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.printed}{self.unit}"


class Discrepancy(models.Model):
    """Something in the documents that a reader of the numbers must know; shown beside them."""

    number = models.PositiveSmallIntegerField(_("序号"), primary_key=True)
    title = models.CharField(_("标题"), max_length=80)
    text = models.TextField(_("说明"))
    plans = models.ManyToManyField(
        Plan, db_table="targets_discrepancy_plan", related_name="discrepancies", verbose_name=_("规划")
    )
    targets = models.ManyToManyField(
        Target,
        db_table="targets_discrepancy_target",
        related_name="discrepancies",
        verbose_name=_("有关的数"),
        blank=True,
    )

    class Meta:
        db_table = "targets_discrepancy"
        verbose_name = _("数据疑点")
        verbose_name_plural = _("数据疑点")
        ordering: ClassVar[list[str]] = ["number"]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class Edition(models.Model):
    """One row: its mark is another one after every change of the four tables above (see edition)."""

    mark = models.UUIDField()

    class Meta:
        db_table = "targets_edition"
        verbose_name = _("规划版本")
        verbose_name_plural = _("规划版本")


class Allocation(models.Model):
    """A target handed down to a region below (任务分解), for a year or, without one, for the whole period."""

    indicator = models.ForeignKey(
        Indicator, models.CASCADE, related_name="allocations", verbose_name=_("指标")
    )
    region = models.ForeignKey("registry.Region", models.PROTECT, related_name="+", verbose_name=_("地区"))
    year = models.PositiveSmallIntegerField(_("年度"), null=True, blank=True, help_text=_("空表示整个规划期"))
    # In single units (人次, 人): a county's share is seldom a round number of 万.
    value = models.BigIntegerField(_("目标数"))
    document_no = models.CharField(_("文号"), max_length=60, blank=True, default="")

    class Meta:
        db_table = "targets_allocation"
        verbose_name = _("任务分解")
        verbose_name_plural = _("任务分解")
        ordering: ClassVar[list[str]] = ["indicator", "region", "year"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "region", "year"],
                name="targets_allocation_once",
                nulls_distinct=False,
                violation_error_message=_("该地区该年度已有分解数。"),
            ),
            models.CheckConstraint(
                name="targets_allocation_positive",
                condition=models.Q(value__gt=0),
                violation_error_message=_("分解数须大于零。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator_id} {self.region_id} {self.year or ''}"
