"""Administrative divisions (GB/T 2260, township codes GB/T 10114) with lifetimes, and their closure.

Roll-ups and scopes go through `RegionClosure`, never through code prefixes: the statistical code
list holds units whose first digits are not their parent's, and cities of the 兵团 hang directly
under the autonomous region.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.lib.dated import in_force

#: `valid_from` of a division whose first day the sources do not record. A plain date, so that
#: `valid_from <= day` is right in every statement without a special case for NULL.
START_UNKNOWN = date(1949, 10, 1)


class RegionLevel(models.IntegerChoices):
    """Depth in the tree of government; a county may hang directly under a province."""

    PROVINCE = 1, _("省级")
    PREFECTURE = 2, _("地级")
    COUNTY = 3, _("县级")
    TOWNSHIP = 4, _("乡级")


class RegionQuerySet(models.QuerySet["Region"]):
    def valid_on(self, day: date) -> RegionQuerySet:
        """Divisions that existed on `day`; the last day of validity is inclusive."""
        return self.filter(in_force(day))

    def current(self) -> RegionQuerySet:
        """Divisions that have not been abolished."""
        return self.filter(valid_to__isnull=True)


class Region(models.Model):
    """One division under one code. A changed code is a new row; the old one names its successor."""

    # Collation C: codes are compared byte by byte in every join of the roll-ups, on any server locale.
    code = models.CharField(_("行政区划代码"), max_length=9, primary_key=True, db_collation="C")
    name = models.CharField(_("名称"), max_length=60)
    full_name = models.CharField(_("全称"), max_length=200, help_text=_("自省级起的完整名称"))
    level = models.PositiveSmallIntegerField(_("级别"), choices=RegionLevel.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("上级区划")
    )
    valid_from = models.DateField(_("启用日期"), default=START_UNKNOWN)
    valid_to = models.DateField(
        _("停用日期"), null=True, blank=True, help_text=_("最后一个有效日；空表示现行")
    )
    successor = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="predecessors", verbose_name=_("承继区划")
    )

    objects = RegionQuerySet.as_manager()

    class Meta:
        db_table = "regions_region"
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")
        ordering: ClassVar = ["code"]
        indexes: ClassVar = [models.Index(fields=["level", "code"], name="regions_region_level")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[1-9][0-9]{5}([0-9]{3})?$"),
                name="regions_region_code_shape",
                violation_error_message=_("行政区划代码应为6位数字，乡级为9位数字。"),
            ),
            models.CheckConstraint(
                condition=Q(level__in=[1, 2, 3, 4]),
                name="regions_region_level_known",
                violation_error_message=_("区划级别只能是1（省）、2（地）、3（县）、4（乡）。"),
            ),
            models.CheckConstraint(
                condition=Q(level=1, parent__isnull=True) | Q(level__gt=1, parent__isnull=False),
                name="regions_region_has_parent",
                violation_error_message=_("省级区划没有上级，其余区划必须有上级。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="regions_region_period",
                violation_error_message=_("停用日期不能早于启用日期。"),
            ),
            models.CheckConstraint(
                condition=Q(successor__isnull=True) | (Q(valid_to__isnull=False) & ~Q(successor=F("code"))),
                name="regions_region_successor",
                violation_error_message=_("只有已停用的区划才有承继区划，且不能承继自己。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RegionClosure(models.Model):
    """Every (ancestor, descendant) pair, each division being its own ancestor at depth 0."""

    ancestor = models.ForeignKey(
        Region, models.CASCADE, related_name="descendant_links", verbose_name=_("上级"), db_index=False
    )
    descendant = models.ForeignKey(
        Region, models.CASCADE, related_name="ancestor_links", verbose_name=_("下级")
    )
    depth = models.PositiveSmallIntegerField(_("层差"))

    class Meta:
        db_table = "regions_closure"
        verbose_name = _("区划从属关系")
        verbose_name_plural = _("区划从属关系")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ancestor", "descendant"],
                name="regions_closure_pair",
                violation_error_message=_("这两个区划的从属关系已经存在。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ancestor_id} > {self.descendant_id}"
