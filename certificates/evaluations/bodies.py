"""Assessment bodies, their places and people, and the dated rules of who may apply and who has passed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


def _code(label: object, length: int) -> models.CharField[str, str]:
    return models.CharField(label, max_length=length, db_collation="C")  # type: ignore[arg-type]


def _period(table: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=f"{table}_period",
        condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
        violation_error_message=_("截止日期不能早于生效日期。"),
    )


class Body(models.Model):
    """An institution as assessment body (评价机构), with the code that its certificates begin with.

    Segments 1-4 of 职业技能等级证书编码规则: letter, four digits of the ministry (0000 where a province filed it),
    two of the province, six of the province's own. What it may assess is its institution's filings of purpose
    ``assess``; where, its sites.
    """

    class Kind(models.TextChoices):
        EMPLOYER = "employer", _("用人单位")
        THIRD_PARTY = "third_party", _("社会培训评价组织")
        SCHOOL = "school", _("院校")

    institution = models.ForeignKey(
        "registry.Institution", models.PROTECT, related_name="bodies", verbose_name=_("机构")
    )
    kind = models.CharField(_("评价机构类别"), max_length=11, choices=Kind.choices)
    letter = _code(_("类别代码"), 1)
    ministry_code = models.CharField(
        _("评价机构代码"), max_length=4, default="0000", db_collation="C", help_text=_("在省级备案的为0000")
    )
    province_code = _code(_("省级代码"), 2)
    serial = _code(_("序列码"), 6)
    # As filed, with the branch; it is printed as the name of the body.
    filed_name = models.CharField(_("备案名称"), max_length=120)
    valid_from = models.DateField(_("备案生效日期"))
    valid_to = models.DateField(_("备案截止日期"), null=True, blank=True)
    document_no = models.CharField(_("备案文号"), max_length=80, blank=True)

    class Meta:
        db_table = "evaluations_body"
        verbose_name = _("评价机构")
        verbose_name_plural = _("评价机构")
        ordering: ClassVar = ["filed_name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["letter", "ministry_code", "province_code", "serial"],
                name="evaluations_body_code_once",
                violation_error_message=_("这一评价机构编码已被使用。"),
            ),
            models.CheckConstraint(
                name="evaluations_body_code_shape",
                condition=Q(letter__regex="^[A-Z]$")
                & Q(ministry_code__regex="^[0-9]{4}$")
                & Q(province_code__regex="^[0-9]{2}$")
                & Q(serial__regex="^[0-9]{6}$"),
                violation_error_message=_("编码应为1位大写字母、4位、2位和6位数字。"),
            ),
            _period("evaluations_body"),
        ]

    def __str__(self) -> str:
        return self.filed_name

    @property
    def prefix(self) -> str:
        """The thirteen characters that numbers of its skill-level certificates begin with."""
        return f"{self.letter}{self.ministry_code}{self.province_code}{self.serial}"


class Site(models.Model):
    """A place where a body may assess (站点), from a day to a day; one with a code of its own numbers by that."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="sites", verbose_name=_("评价机构"))
    name = models.CharField(_("站点名称"), max_length=100)
    region = models.ForeignKey(
        "registry.Region", models.PROTECT, related_name="+", verbose_name=_("所在区划")
    )
    address = models.CharField(_("地址"), max_length=200, blank=True)
    province_code = models.CharField(
        _("站点省级代码"), max_length=2, blank=True, default="", db_default="", db_collation="C"
    )
    serial = models.CharField(
        _("站点序列码"),
        max_length=6,
        blank=True,
        default="",
        db_default="",
        db_collation="C",
        help_text=_("部级备案机构的站点另有编码时填写；空表示用机构的编码"),
    )
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        db_table = "evaluations_site"
        verbose_name = _("评价站点")
        verbose_name_plural = _("评价站点")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["body", "name"],
                name="evaluations_site_once",
                violation_error_message=_("该评价机构已有同名站点。"),
            ),
            models.CheckConstraint(
                name="evaluations_site_code_shape",
                condition=Q(province_code="", serial="")
                | (Q(province_code__regex="^[0-9]{2}$") & Q(serial__regex="^[0-9]{6}$")),
                violation_error_message=_("站点编码应为2位和6位数字，或都不填。"),
            ),
            _period("evaluations_site"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        """As of a body; the site's own where it has a code."""
        own = self.province_code + self.serial
        return f"{self.body.letter}{self.body.ministry_code}{own}" if own else self.body.prefix


class Assessor(models.Model):
    """Somebody who examines or watches (考评员、监考员、督导员), as the body that engages them registered them.

    Only the keyed index of the identity number is kept: it tells whether they are a candidate, and nothing else.
    """

    institution = models.ForeignKey(
        "registry.Institution", models.PROTECT, related_name="+", verbose_name=_("机构")
    )
    name = models.CharField(_("姓名"), max_length=60)
    blind_index = models.BinaryField(_("盲索引"), max_length=32)
    mask = models.CharField(_("遮盖显示"), max_length=24)
    card_no = models.CharField(_("证卡编号"), max_length=40, blank=True, default="", db_default="")
    employer = models.CharField(_("所在单位"), max_length=120, blank=True, default="", db_default="")
    may_examine = models.BooleanField(
        _("可任考评员"), default=False, help_text=_("持有考评员证卡；否则只能任监考员或督导员")
    )
    occupation = models.ForeignKey(
        "registry.Occupation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("考评职业"),
        help_text=_("空表示不限职业"),
    )
    valid_from = models.DateField(_("聘用生效日期"))
    valid_to = models.DateField(_("聘用截止日期"), null=True, blank=True)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "evaluations_assessor"
        verbose_name = _("考务人员")
        verbose_name_plural = _("考务人员")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["institution", "blind_index"],
                name="evaluations_assessor_once",
                violation_error_message=_("该机构已登记这名考务人员。"),
            ),
            _period("evaluations_assessor"),
        ]

    def __str__(self) -> str:
        return f"assessor {self.pk}"


class ConditionPath(models.Model):
    """One way to be admitted to a level (申报条件), for a span of days: what must be so, and the papers that show it.

    ``demands`` as ``conditions.Demands`` reads it; ``evidence`` lists codes of ``conditions.EVIDENCE``.
    """

    code = models.CharField(_("代码"), max_length=20, db_collation="C")
    level = models.ForeignKey(
        "registry.SkillLevel", models.PROTECT, related_name="+", verbose_name=_("申报等级")
    )
    occupation = models.ForeignKey(
        "registry.Occupation",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("职业"),
        help_text=_("空表示所有职业"),
    )
    label = models.CharField(_("条件"), max_length=120)
    demands = models.JSONField(_("要求"), default=dict, blank=True)
    evidence = models.JSONField(_("申报材料"), default=list, blank=True)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据文号"), max_length=80, blank=True)

    class Meta:
        db_table = "evaluations_conditionpath"
        verbose_name = _("申报条件")
        verbose_name_plural = _("申报条件")
        ordering: ClassVar = ["level", "code", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "valid_from"],
                name="evaluations_conditionpath_once",
                violation_error_message=_("同一申报条件在这一天已有规定。"),
            ),
            _period("evaluations_conditionpath"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.label}"


class PassRule(models.Model):
    """What must be reached to pass, for one level (empty: all), for a span of days. Marks of a hundred.

    The total, where a sheet gives none, is the sum of the parts by their weights (percent).
    """

    level = models.ForeignKey(
        "registry.SkillLevel",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("等级"),
        help_text=_("空表示所有等级"),
    )
    theory = models.PositiveSmallIntegerField(_("理论合格分"))
    practice = models.PositiveSmallIntegerField(_("实操合格分"))
    total = models.PositiveSmallIntegerField(_("综合合格分"), default=0, help_text=_("0表示不另作要求"))
    theory_weight = models.PositiveSmallIntegerField(_("理论权重"), default=50)
    practice_weight = models.PositiveSmallIntegerField(_("实操权重"), default=50)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)
    document_no = models.CharField(_("依据文号"), max_length=80, blank=True)

    class Meta:
        db_table = "evaluations_passrule"
        verbose_name = _("合格规定")
        verbose_name_plural = _("合格规定")
        ordering: ClassVar = ["level", "valid_from"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["level", "valid_from"],
                nulls_distinct=False,
                name="evaluations_passrule_once",
                violation_error_message=_("同一等级在这一天已有合格规定。"),
            ),
            models.CheckConstraint(
                name="evaluations_passrule_weights",
                condition=Q(theory_weight=100 - F("practice_weight")),
                violation_error_message=_("理论和实操的权重合计应为100。"),
            ),
            _period("evaluations_passrule"),
        ]

    def __str__(self) -> str:
        return f"{self.level_id or '*'} {self.theory}/{self.practice}"
