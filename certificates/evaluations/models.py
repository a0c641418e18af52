"""Examining people: who may, in which sitting, who came, who watched, and what each scored.

The tables of what a body is, and of the dated rules that hold for all bodies, stand in ``bodies.py``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from certificates.evaluations.bodies import Assessor, Body, ConditionPath, PassRule, Site

__all__ = [
    "Assessor",
    "Avoidance",
    "Body",
    "Candidate",
    "ConditionPath",
    "Duty",
    "Exam",
    "PassRule",
    "Photo",
    "Score",
    "ScoreChange",
    "Site",
]


class Exam(models.Model):
    """One batch (评价批次): one body, occupation, level, day and place, from draft to closed.

    What may come after what stands in ``sql/evaluations.sql``; ``institution`` and ``region_code`` are those of the
    body and its place, written once, so that readers are told apart by one row.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")
        EXAMINED = "examined", _("已考试")
        SCORED = "scored", _("已评分")
        LOCKED = "locked", _("成绩已锁定")
        CLOSED = "closed", _("已办结")
        CANCELLED = "cancelled", _("已取消")

    class Route(models.TextChoices):
        EXAM = "exam", _("考试")
        APPOINTMENT = "appointment", _("评聘")

    TAKES_CANDIDATES = (State.DRAFT, State.PUBLISHED)
    TAKES_SCORES = (State.EXAMINED, State.SCORED)
    FIXED = (State.LOCKED, State.CLOSED)

    body = models.ForeignKey(Body, models.PROTECT, related_name="exams", verbose_name=_("评价机构"))
    institution = models.ForeignKey(
        "registry.Institution", models.PROTECT, related_name="+", verbose_name=_("机构")
    )
    number = models.CharField(_("批次编号"), max_length=40)
    site = models.ForeignKey(Site, models.PROTECT, related_name="exams", verbose_name=_("考点"))
    region_code = models.CharField(_("统计地区"), max_length=9, db_collation="C")
    occupation = models.ForeignKey(
        "registry.Occupation", models.PROTECT, related_name="+", verbose_name=_("职业")
    )
    direction = models.CharField(_("工种或方向"), max_length=60, blank=True, default="", db_default="")
    level = models.ForeignKey("registry.SkillLevel", models.PROTECT, related_name="+", verbose_name=_("等级"))
    exam_on = models.DateField(_("考试日期"))
    route = models.CharField(
        _("评价方式"), max_length=11, choices=Route.choices, default=Route.EXAM, db_default=Route.EXAM
    )
    document_no = models.CharField(
        _("聘任文号"),
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text=_("评聘时填写单位聘任文件的文号"),
    )
    committee = models.CharField(
        _("评审组织"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text=_("评聘时填写评审委员会名称"),
    )
    state = models.CharField(
        _("状态"), max_length=9, choices=State.choices, default=State.DRAFT, db_default=State.DRAFT
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("编排人")
    )
    locked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("锁定人"),
    )
    locked_at = models.DateTimeField(_("锁定时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("建立时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "evaluations_exam"
        verbose_name = _("评价批次")
        verbose_name_plural = _("评价批次")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["body", "number"],
                name="evaluations_exam_number_once",
                violation_error_message=_("该评价机构已有同一编号的批次。"),
            ),
            models.CheckConstraint(
                name="evaluations_exam_appointed_by",
                condition=Q(route="exam") | (~Q(document_no="") & ~Q(committee="")),
                violation_error_message=_("评聘须写明聘任文号和评审组织。"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["region_code", "exam_on"], name="evaluations_exam_region_day")
        ]

    def __str__(self) -> str:
        return self.number


class Candidate(models.Model):
    """One person in one batch, by which path and with which papers. A resit is a candidate of a later batch."""

    class Kind(models.TextChoices):
        FIRST = "first", _("初次认定")
        PROMOTION = "promotion", _("晋级认定")

    class Attempt(models.TextChoices):
        FIRST = "first", _("正考")
        RESIT = "resit", _("补考")

    class State(models.TextChoices):
        REGISTERED = "registered", _("已报名")
        WITHDRAWN = "withdrawn", _("已退出")

    exam = models.ForeignKey(
        Exam, models.PROTECT, related_name="candidates", verbose_name=_("批次"), db_index=False
    )
    person = models.ForeignKey(
        "registry.Person",
        models.PROTECT,
        related_name="candidacies",
        verbose_name=_("考生"),
        db_constraint=False,  # kept by the set: sql/evaluations.sql
    )
    ticket = models.CharField(_("准考证号"), max_length=20, blank=True, default="", db_default="")
    path = models.ForeignKey(
        ConditionPath,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("申报条件"),
        db_index=False,
    )
    # What was declared (conditions.Facts as JSON) and the codes of the papers that were shown.
    declared = models.JSONField(_("申报事实"), default=dict, blank=True)
    evidence = models.JSONField(_("申报材料"), default=list, blank=True)
    kind = models.CharField(_("认定分类"), max_length=9, choices=Kind.choices, default=Kind.FIRST)
    attempt = models.CharField(_("考试类型"), max_length=5, choices=Attempt.choices, default=Attempt.FIRST)
    source = models.CharField(_("考生来源"), max_length=20, blank=True, default="", db_default="")
    employer = models.CharField(_("所在单位"), max_length=120, blank=True, default="", db_default="")
    state = models.CharField(
        _("状态"), max_length=10, choices=State.choices, default=State.REGISTERED, db_default=State.REGISTERED
    )
    enrolment_id = models.BigIntegerField(_("培训记录"), null=True, blank=True)
    batch_id = models.UUIDField(_("来源批次"), null=True, blank=True)
    row_no = models.IntegerField(_("来源行"), null=True, blank=True)
    created_at = models.DateTimeField(_("登记时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "evaluations_candidate"
        verbose_name = _("考生")
        verbose_name_plural = _("考生")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["exam", "person"],
                name="evaluations_candidate_once",
                violation_error_message=_("该考生已在本批次中。"),
            )
        ]

    def __str__(self) -> str:
        return f"candidate {self.pk}"


class Duty(models.Model):
    """One assessor at work in one batch."""

    class Role(models.TextChoices):
        EXAMINER = "examiner", _("考评员")
        INVIGILATOR = "invigilator", _("监考员")
        SUPERVISOR = "supervisor", _("督导员")

    exam = models.ForeignKey(
        Exam, models.CASCADE, related_name="duties", verbose_name=_("批次"), db_index=False
    )
    assessor = models.ForeignKey(Assessor, models.PROTECT, related_name="duties", verbose_name=_("考务人员"))
    role = models.CharField(_("职责"), max_length=11, choices=Role.choices)
    # The assessor's own word, given for this batch, that none of its candidates must be avoided.
    declared_free = models.BooleanField(_("已声明无须回避"), default=False, db_default=False)

    class Meta:
        db_table = "evaluations_duty"
        verbose_name = _("考务安排")
        verbose_name_plural = _("考务安排")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["exam", "assessor"],
                name="evaluations_duty_once",
                violation_error_message=_("该考务人员已安排在本批次。"),
            )
        ]

    def __str__(self) -> str:
        return f"duty {self.pk}"


class Avoidance(models.Model):
    """A relation that an assessor declared: in no batch with this person (回避)."""

    class Relation(models.TextChoices):
        TRAINER = "trainer", _("培训教师")
        EMPLOYER = "employer", _("同一单位")
        RELATIVE = "relative", _("亲属")
        OTHER = "other", _("其他利害关系")

    assessor = models.ForeignKey(
        Assessor, models.PROTECT, related_name="avoids", verbose_name=_("考务人员"), db_index=False
    )
    person = models.ForeignKey("registry.Person", models.PROTECT, related_name="+", verbose_name=_("考生"))
    relation = models.CharField(_("关系"), max_length=8, choices=Relation.choices)
    created_at = models.DateTimeField(_("声明时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "evaluations_avoidance"
        verbose_name = _("回避关系")
        verbose_name_plural = _("回避关系")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["assessor", "person"], name="evaluations_avoidance_once")
        ]

    def __str__(self) -> str:
        return f"avoidance {self.pk}"


def _points(label: object) -> models.DecimalField[Decimal | int | None, Decimal | None]:
    """Marks of a hundred, one decimal."""
    return models.DecimalField(label, max_digits=4, decimal_places=1, null=True, blank=True)  # type: ignore[arg-type]


class Score(models.Model):
    """What one candidate reached. ``result`` is computed by the rule of the exam's day, except for an appointment.

    ``kept_theory`` and ``kept_practice`` name the earlier score whose passed part still counts (resit).
    """

    class Result(models.TextChoices):
        PASS = "pass", _("合格")
        FAIL = "fail", _("不合格")
        ABSENT = "absent", _("缺考")

    candidate = models.OneToOneField(Candidate, models.PROTECT, related_name="score", verbose_name=_("考生"))
    theory = _points(_("理论成绩"))
    practice = _points(_("实操成绩"))
    total = _points(_("综合成绩"))
    result = models.CharField(_("结果"), max_length=6, choices=Result.choices)
    rule = models.ForeignKey(
        PassRule, models.PROTECT, null=True, related_name="+", verbose_name=_("合格规定"), db_index=False
    )
    kept_theory = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("保留理论"), db_index=False
    )
    kept_practice = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("保留实操"), db_index=False
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("录入人"),
        db_index=False,
    )
    batch_id = models.UUIDField(_("来源批次"), null=True, blank=True)
    row_no = models.IntegerField(_("来源行"), null=True, blank=True)
    entered_at = models.DateTimeField(_("录入时间"), db_default=Now())

    class Meta:
        db_table = "evaluations_score"
        verbose_name = _("成绩")
        verbose_name_plural = _("成绩")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="evaluations_score_range",
                condition=(Q(theory__isnull=True) | Q(theory__range=(0, 100)))
                & (Q(practice__isnull=True) | Q(practice__range=(0, 100)))
                & (Q(total__isnull=True) | Q(total__range=(0, 100))),
                violation_error_message=_("成绩应在0至100之间。"),
            )
        ]

    def __str__(self) -> str:
        return f"score {self.pk}"


class ScoreChange(models.Model):
    """A locked score that somebody wants changed: why, what to, and the matter under which a second person decides."""

    class State(models.TextChoices):
        ASKED = "asked", _("待批准")
        APPLIED = "applied", _("已更改")
        REFUSED = "refused", _("未批准")

    score = models.ForeignKey(Score, models.PROTECT, related_name="changes", verbose_name=_("成绩"))
    theory = _points(_("理论成绩改为"))
    practice = _points(_("实操成绩改为"))
    total = _points(_("综合成绩改为"))
    was = models.JSONField(_("原成绩"), default=dict)
    reason = models.CharField(_("更改理由"), max_length=300)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("申请人")
    )
    case_id = models.UUIDField(_("审核事项"), null=True, blank=True)
    state = models.CharField(_("状态"), max_length=7, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField(_("申请时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "evaluations_scorechange"
        verbose_name = _("成绩更改")
        verbose_name_plural = _("成绩更改")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["score"],
                condition=Q(state="asked"),
                name="evaluations_scorechange_one_open",
                violation_error_message=_("该成绩已有一项更改在办理。"),
            ),
            models.CheckConstraint(name="evaluations_scorechange_reason", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"score change {self.pk}"


class Photo(models.Model):
    """The portrait that is printed: a JPEG without metadata, ciphertext bound to this row's id."""

    class Kind(models.TextChoices):
        PORTRAIT = "portrait", _("证件照")

    # Of two records that turn out to be one person, the survivor's stays.
    HELD_ONCE = "kind"

    person = models.ForeignKey(
        "registry.Person", models.PROTECT, related_name="photos", verbose_name=_("人员"), db_index=False
    )
    kind = models.CharField(
        _("用途"), max_length=8, choices=Kind.choices, default=Kind.PORTRAIT, db_default=Kind.PORTRAIT
    )
    id = models.UUIDField(primary_key=True, editable=False)
    sealed = models.BinaryField(_("密文"))
    sha256 = models.CharField(_("摘要"), max_length=64, db_collation="C")
    width = models.PositiveSmallIntegerField(_("宽（像素）"))
    height = models.PositiveSmallIntegerField(_("高（像素）"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("上传人"),
        db_index=False,
    )
    added_at = models.DateTimeField(_("上传时间"), db_default=Now())

    class Meta:
        db_table = "evaluations_photo"
        verbose_name = _("证件照")
        verbose_name_plural = _("证件照")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "kind"], name="evaluations_photo_once")
        ]

    def __str__(self) -> str:
        return f"photo {self.pk}"
