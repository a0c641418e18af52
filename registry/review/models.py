"""Matters that need several natural persons, and what each of them decided. The rules are held in sql/review.sql."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.accounts.models import Holder, User
from registry.identity.uuid7 import uuid7


class CaseState(models.TextChoices):
    """Only an open matter takes decisions; none is opened again."""

    OPEN = "open", _("审核中")
    APPROVED = "approved", _("已通过")
    RETURNED = "returned", _("已退回")
    REFUSED = "refused", _("不通过")
    WITHDRAWN = "withdrawn", _("已撤回")


class Outcome(models.TextChoices):
    """What one person says to one step. Withdrawing is the maker's, before anybody decided."""

    APPROVE = "approve", _("通过")
    RETURN = "return", _("退回")
    REFUSE = "refuse", _("不通过")
    WITHDRAW = "withdraw", _("撤回")


class Stage(models.Model):
    """One step of a kind of matter, from a day to a day (both included): policy, kept as dated rows.

    A matter takes its steps along when it is opened; a change reaches only those opened afterwards.
    """

    kind = models.CharField(_("事项"), max_length=60)
    position = models.PositiveSmallIntegerField(_("次序"))
    name = models.CharField(_("步骤"), max_length=40)
    action = models.CharField(_("权限"), max_length=60)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("截止日期"), null=True, blank=True)

    class Meta:
        db_table = "review_stage"
        verbose_name = _("审核步骤")
        verbose_name_plural = _("审核步骤")
        constraints: ClassVar = [
            models.UniqueConstraint(name="review_stage_once", fields=["kind", "position", "valid_from"]),
            models.CheckConstraint(
                name="review_stage_period",
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                violation_error_message=_("截止日期早于生效日期。"),
            ),
            models.CheckConstraint(name="review_stage_position", condition=Q(position__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position} {self.name}"


class Case(models.Model):
    """A matter under review: one version of one subject, its maker, and how far it has come.

    The database fills in holder, steps, state, position, `row_version` and moments. `row_version` counts from 1
    upwards with each decision; a form says which one it shows.
    """

    State = CaseState

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("事项"), max_length=60)
    subject_type = models.CharField(_("对象类别"), max_length=60)
    subject_id = models.CharField(_("对象编号"), max_length=64)
    version = models.PositiveIntegerField(_("版本"), default=1)
    summary = models.CharField(_("摘要"), max_length=300)
    payload = models.JSONField(_("内容"), default=dict, blank=True)
    maker = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="review_cases", verbose_name=_("经办人")
    )
    maker_holder = models.ForeignKey(
        Holder, on_delete=models.PROTECT, related_name="+", verbose_name=_("经办自然人")
    )
    institution = models.ForeignKey(
        "registry.Institution", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("机构")
    )
    region_code = models.CharField(_("区划"), max_length=12, blank=True, default="")
    steps = ArrayField(models.CharField(max_length=40), verbose_name=_("步骤"))
    actions = ArrayField(models.CharField(max_length=60), verbose_name=_("各步权限"))
    state = models.CharField(_("状态"), max_length=10, choices=CaseState.choices, default=CaseState.OPEN)
    position = models.PositiveSmallIntegerField(_("当前次序"), default=1)
    step = models.CharField(_("当前步骤"), max_length=40)
    action = models.CharField(_("当前权限"), max_length=60)
    row_version = models.PositiveIntegerField(_("行版本"), default=1)
    opened_at = models.DateTimeField(_("提交时间"))
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)

    class Meta:
        db_table = "review_case"
        verbose_name = _("审核事项")
        verbose_name_plural = _("审核事项")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="review_case_once",
                fields=["kind", "subject_type", "subject_id", "version"],
                condition=Q(state__in=("open", "approved")),
                violation_error_message=_("该版本已在审核中或已通过。更正须另立新版本。"),
            ),
            models.CheckConstraint(name="review_case_version", condition=Q(version__gte=1)),
        ]
        indexes: ClassVar = [
            models.Index(name="review_case_queue", fields=["action", "opened_at"], condition=Q(state="open")),
            models.Index(name="review_case_subject", fields=["subject_type", "subject_id", "version"]),
            models.Index(name="review_case_maker", fields=["maker_holder", "-opened_at"]),
        ]

    def __str__(self) -> str:
        return self.summary

    @property
    def is_open(self) -> bool:
        return self.state == CaseState.OPEN

    def as_recorded(self) -> dict[str, Any]:
        """How the record names the matter."""
        return {
            "kind": self.kind,
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
            "version": self.version,
        }


class Decision(models.Model):
    """What one natural person decided at one step of a case; never changed, never removed.

    `row_version` is the state of the case that was decided on, so that no state is decided on twice. Holder and
    moment are the database's.
    """

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="decisions", verbose_name=_("审核事项")
    )
    row_version = models.PositiveIntegerField(_("行版本"))
    position = models.PositiveSmallIntegerField(_("次序"))
    step = models.CharField(_("步骤"), max_length=40)
    outcome = models.CharField(_("结论"), max_length=10, choices=Outcome.choices)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("办理人"))
    holder = models.ForeignKey(
        Holder, on_delete=models.PROTECT, related_name="+", verbose_name=_("办理自然人")
    )
    reason = models.CharField(_("理由"), max_length=300, blank=True, default="")
    at = models.DateTimeField(_("时间"))

    class Meta:
        db_table = "review_decision"
        verbose_name = _("审核结论")
        verbose_name_plural = _("审核结论")
        constraints: ClassVar = [
            models.UniqueConstraint(name="review_decision_once", fields=["case", "row_version"]),
            models.UniqueConstraint(name="review_decision_one_per_step", fields=["case", "position"]),
            models.CheckConstraint(
                name="review_decision_reason",
                condition=~Q(outcome__in=("return", "refuse")) | Q(reason__regex=r"\S"),
                violation_error_message=_("退回或不通过须写明理由。"),
            ),
        ]
        indexes: ClassVar = [models.Index(name="review_decision_holder", fields=["holder", "-at"])]

    def __str__(self) -> str:
        return f"{self.step} {self.get_outcome_display()}"
