"""The staged spreadsheet machine's own tables: what came in, how far it got, what was wrong with it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from registry.identity.uuid7 import uuid7


class Batch(models.Model):
    """One file handed in once, on its way through the stages.

    States and allowed moves are read here on one screen; every move is one conditional UPDATE.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("待解析")
        CHECKING = "checking", _("解析校验中")
        REVIEW = "review", _("待处理")
        COMMITTING = "committing", _("入库中")
        COMMITTED = "committed", _("已入库")
        REFUSED = "refused", _("已退回")
        CANCELLED = "cancelled", _("已取消")
        FAILED = "failed", _("中断,可继续")

    MOVES: ClassVar[dict[str, tuple[str, ...]]] = {
        State.RECEIVED: (State.CHECKING, State.CANCELLED),
        State.CHECKING: (State.REVIEW, State.REFUSED, State.CANCELLED, State.FAILED),
        State.REVIEW: (State.COMMITTING, State.CHECKING, State.CANCELLED),
        State.COMMITTING: (State.COMMITTED, State.REVIEW, State.CANCELLED, State.FAILED),
        State.FAILED: (State.CHECKING, State.CANCELLED),
        State.COMMITTED: (),
        State.REFUSED: (),
        State.CANCELLED: (),
    }
    LIVE: ClassVar[tuple[str, ...]] = (
        State.RECEIVED,
        State.CHECKING,
        State.REVIEW,
        State.COMMITTING,
        State.FAILED,
    )

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("表类"), max_length=20)
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.RECEIVED)
    target = models.CharField(
        _("去处"),
        max_length=120,
        blank=True,
        default="",
        help_text=_("该表要登记到何处,如班级;同一去处同一文件只办一次"),
    )
    context = models.JSONField(_("参数"), default=dict)
    institution = models.ForeignKey(
        "registry.Institution",
        verbose_name=_("机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    region = models.ForeignKey(
        "registry.Region",
        verbose_name=_("地区"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("上传人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    created_at = models.DateTimeField(_("上传时间"), db_default=Now(), editable=False)
    file_name = models.CharField(_("文件名"), max_length=255)
    file_bytes = models.BigIntegerField(_("字节数"))
    file_sha256 = models.CharField(_("文件指纹"), max_length=64)
    file_dropped_at = models.DateTimeField(_("原件销毁时间"), null=True, blank=True)
    file_format = models.CharField(_("格式"), max_length=10, blank=True, default="")
    file_encoding = models.CharField(_("编码"), max_length=20, blank=True, default="")
    file_error = models.JSONField(_("退回原因"), null=True, blank=True)
    chosen_sheet = models.CharField(_("指定的工作表"), max_length=100, blank=True, default="")
    chosen_mapping = models.JSONField(_("指定的列对应"), default=dict)
    sheet = models.JSONField(
        _("工作表"), default=dict, help_text=_("名称、表头行、列对应、忽略的列、跳过的行")
    )
    counts = models.JSONField(
        _("行数"), default=dict, help_text="read, accepted, rejected, unchanged, warnings"
    )
    created = models.JSONField(_("登记结果"), default=dict)
    staged_rows = models.IntegerField(_("已暂存行数"), null=True, blank=True)
    valid_rows_only = models.BooleanField(_("只登记无误的行"), default=False)
    job_id = models.BigIntegerField(_("任务号"), null=True, blank=True)
    attempt = models.IntegerField(_("办理次数"), default=0)
    finished_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    action_id = models.BigIntegerField(_("操作记录"), null=True, blank=True)

    class Meta:
        db_table = "intake_batch"
        verbose_name = _("导入批次")
        verbose_name_plural = _("导入批次")
        indexes = [
            models.Index(fields=["-created_at"], name="intake_batch_recent"),
            models.Index(fields=["file_sha256"], name="intake_batch_sha256"),
        ]
        constraints = [
            # A double click, two tabs, twenty uploads at once: one live batch per file and place.
            models.UniqueConstraint(
                fields=["kind", "target", "file_sha256"],
                condition=models.Q(state__in=["received", "checking", "review", "committing", "failed"]),
                name="intake_batch_one_live_per_file",
                violation_error_message=_("同一文件正在办理中。"),
            )
        ]

    def __str__(self) -> str:
        return f"batch {self.id}"


class FilePart(models.Model):
    """A slice (1 MiB) of the file as it came, encrypted and bound to its batch and place."""

    batch = models.ForeignKey(Batch, verbose_name=_("批次"), on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField(_("序"))
    sealed = models.BinaryField(_("密文"))

    class Meta:
        db_table = "intake_filepart"
        verbose_name = _("原件")
        verbose_name_plural = _("原件")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="intake_filepart_once")]

    def __str__(self) -> str:
        return f"part {self.number}"


class Issue(models.Model):
    """A fault of one row: where, which rule, what is wrong and what to do. Holds no personal data."""

    class Severity(models.TextChoices):
        ERROR = "error", _("错误")
        WARNING = "warning", _("提示")
        INFO = "info", _("说明")

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, verbose_name=_("批次"), on_delete=models.CASCADE, related_name="issues")
    row = models.IntegerField(_("行号"))
    column = models.CharField(_("列"), max_length=100, blank=True)
    code = models.CharField(_("代码"), max_length=32)
    severity = models.CharField(_("轻重"), max_length=8, choices=Severity.choices)
    message = models.CharField(_("问题与建议"), max_length=300)

    class Meta:
        db_table = "intake_issue"
        verbose_name = _("问题")
        verbose_name_plural = _("问题")
        indexes = [models.Index(fields=["batch", "row"], name="intake_issue_by_row")]

    def __str__(self) -> str:
        return f"{self.code}@{self.row}"


class RejectedRow(models.Model):
    """The cells of a faulty row as they came, and what was typed over them on screen: sealed, by key of the column.

    ``version`` grows with every change, so that nobody writes over what they have not seen. ``checked``: the batch was
    read anew with the correction.
    """

    batch = models.ForeignKey(
        Batch, verbose_name=_("批次"), on_delete=models.CASCADE, related_name="rejected_rows"
    )
    row = models.IntegerField(_("行号"))
    seal_id = models.UUIDField(_("封存号"), default=uuid7, editable=False)
    cells = models.BinaryField(_("原单元格"))
    corrected = models.BinaryField(_("更正"), null=True, blank=True)
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("更正人"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    corrected_at = models.DateTimeField(_("更正时间"), db_default=Now())
    version = models.PositiveIntegerField(_("更正次数"), default=1, db_default=1)
    checked = models.BooleanField(_("已重新校验"), default=False, db_default=False)

    class Meta:
        db_table = "intake_rejectedrow"
        verbose_name = _("未通过的行")
        verbose_name_plural = _("未通过的行")
        constraints = [models.UniqueConstraint(fields=["batch", "row"], name="intake_rejectedrow_once")]

    def __str__(self) -> str:
        return f"row {self.row}"


class WithheldRow(models.Model):
    """A row of a kept file that nobody is shown any more: whom it speaks of was erased from the register."""

    batch = models.ForeignKey(
        Batch, verbose_name=_("批次"), on_delete=models.CASCADE, related_name="withheld_rows"
    )
    row = models.IntegerField(_("行号"))
    created_at = models.DateTimeField(_("封存时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "intake_withheldrow"
        verbose_name = _("不再显示的行")
        verbose_name_plural = _("不再显示的行")
        constraints = [models.UniqueConstraint(fields=["batch", "row"], name="intake_withheldrow_once")]

    def __str__(self) -> str:
        return f"row {self.row}"


class Progress(models.Model):
    """How far a batch is. Written on a connection of its own, so that it shows while the work is uncommitted."""

    batch = models.OneToOneField(
        Batch, verbose_name=_("批次"), primary_key=True, on_delete=models.CASCADE, related_name="progress"
    )
    stage = models.CharField(_("阶段"), max_length=12, default="", db_default="")
    done = models.IntegerField(_("已办行数"), default=0, db_default=0)
    total = models.IntegerField(_("总行数"), null=True, blank=True)
    started_at = models.DateTimeField(_("开始"), db_default=Now())
    updated_at = models.DateTimeField(_("更新"), db_default=Now())
    cancel_asked = models.BooleanField(_("要求取消"), default=False, db_default=False)

    class Meta:
        db_table = "intake_progress"
        verbose_name = _("进度")
        verbose_name_plural = _("进度")

    def __str__(self) -> str:
        return f"{self.stage} {self.done}"
