"""Bodies that train or assess, the names they go by, and what each is filed for and until when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.lib.dated import in_force
from registry.lib.text import org_key
from registry.occupations.models import Occupation, SkillLevel
from registry.regions.models import Region


class InstitutionKind(models.TextChoices):
    """What kind of body it is; a body of any kind may be filed to train, to assess, or for both."""

    SCHOOL = "school", _("民办职业培训学校")
    TECHNICAL = "technical", _("技工院校")
    COLLEGE = "college", _("职业院校和高校")
    CENTRE = "centre", _("公共实训基地和就业训练中心")
    ENTERPRISE = "enterprise", _("企业")
    ASSESSOR = "assessor", _("社会培训评价组织")
    OTHER = "other", _("其他")


class Institution(models.Model):
    """A training provider or assessment body. One name, one credit code, any number of aliases."""

    name = models.CharField(_("机构名称"), max_length=120)
    name_key = models.CharField(_("名称索引"), max_length=120, unique=True, editable=False)
    credit_code = models.CharField(
        _("统一社会信用代码"),
        max_length=18,
        null=True,
        blank=True,
        unique=True,
        db_collation="C",
    )
    kind = models.CharField(
        _("机构类型"), max_length=12, choices=InstitutionKind.choices, default=InstitutionKind.SCHOOL
    )
    region = models.ForeignKey(
        Region,
        models.PROTECT,
        related_name="institutions",
        verbose_name=_("所在区划"),
        help_text=_("备案地的县级区划"),
    )
    address = models.CharField(_("地址"), max_length=200, blank=True)
    licence_no = models.CharField(_("办学许可证号"), max_length=40, blank=True)
    active = models.BooleanField(_("在目录内"), default=True)
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)

    class Meta:
        db_table = "institutions_institution"
        verbose_name = _("培训评价机构")
        verbose_name_plural = _("培训评价机构")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(credit_code__isnull=True) | Q(credit_code__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$"),
                name="institutions_institution_credit_code",
                violation_error_message=_("统一社会信用代码应为18位数字或大写字母（不含I、O、S、V、Z）。"),
            ),
            models.CheckConstraint(
                condition=~Q(name_key=""),
                name="institutions_institution_named",
                violation_error_message=_("机构名称不能为空。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        # Before validate_unique/validate_constraints, so that a doubled name is a message on the form.
        self.name_key = org_key(self.name)
        self.credit_code = self.credit_code or None

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the comparison key in step with the name, whoever saves."""
        self.name_key = org_key(self.name)
        fields: Iterable[str] | None = kwargs.get("update_fields")
        if fields is not None and "name" in fields:
            kwargs["update_fields"] = {*fields, "name_key"}
        super().save(*args, **kwargs)


class InstitutionAlias(models.Model):
    """Another name of an institution: an old one, a short one, or one that a clerk mapped by hand."""

    name = models.CharField(_("别名"), max_length=120)
    name_key = models.CharField(_("名称索引"), max_length=120, unique=True, editable=False)
    institution = models.ForeignKey(
        Institution, models.CASCADE, related_name="aliases", verbose_name=_("机构")
    )
    created_at = models.DateTimeField(_("建立时间"), auto_now_add=True)

    class Meta:
        db_table = "institutions_alias"
        verbose_name = _("机构别名")
        verbose_name_plural = _("机构别名")
        ordering: ClassVar = ["name_key"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(name_key=""),
                name="institutions_alias_named",
                violation_error_message=_("机构别名不能为空。"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.name_key = org_key(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the comparison key in step with the name; a key given without a name is kept."""
        self.name = self.name or self.name_key
        self.name_key = org_key(self.name)
        super().save(*args, **kwargs)


class FilingPurpose(models.TextChoices):
    """What the filing allows."""

    TRAIN = "train", _("培训")
    ASSESS = "assess", _("评价")


class FilingQuerySet(models.QuerySet["Filing"]):
    def valid_on(self, day: date) -> FilingQuerySet:
        """Filings in force on `day`; both ends are inclusive."""
        return self.filter(in_force(day))


class Filing(models.Model):
    """What one institution may do: an occupation, at one level or at all, from a day to a day."""

    institution = models.ForeignKey(
        Institution, models.CASCADE, related_name="filings", verbose_name=_("机构"), db_index=False
    )
    purpose = models.CharField(
        _("用途"), max_length=6, choices=FilingPurpose.choices, default=FilingPurpose.TRAIN
    )
    occupation = models.ForeignKey(Occupation, models.PROTECT, related_name="filings", verbose_name=_("职业"))
    level = models.ForeignKey(
        SkillLevel,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("等级"),
        help_text=_("空表示所有等级"),
        db_index=False,
    )
    valid_from = models.DateField(_("备案生效日期"))
    valid_to = models.DateField(
        _("备案截止日期"), null=True, blank=True, help_text=_("最后一个有效日；空表示长期")
    )
    document_no = models.CharField(_("备案文号"), max_length=80, blank=True)

    objects = FilingQuerySet.as_manager()

    class Meta:
        db_table = "institutions_filing"
        verbose_name = _("机构备案")
        verbose_name_plural = _("机构备案")
        ordering: ClassVar = ["institution", "purpose", "occupation", "level", "valid_from"]
        constraints: ClassVar = [
            # Also the index of the scope check: institution, purpose, occupation come first.
            models.UniqueConstraint(
                fields=["institution", "purpose", "occupation", "level", "valid_from"],
                nulls_distinct=False,
                name="institutions_filing_once",
                violation_error_message=_("该机构同一职业、等级、生效日期的备案已经存在。"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="institutions_filing_period",
                violation_error_message=_("备案截止日期不能早于生效日期。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}/{self.occupation_id}/{self.level_id or '*'}"
