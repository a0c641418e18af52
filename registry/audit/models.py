"""What was done, by whom and why; kept beside the rows it speaks of and never changed afterwards.

Actions, details and manifests can only be added: triggers in `sql/append_only.sql` refuse everything else,
also to the table owner. No personal data stands in an action; what must be kept of it goes to a Detail, which
can be erased while its commitment stays.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class LeafHash(models.Func):
    """The hash of an entry as a leaf of the log (RFC 6962)."""

    template = r"sha256('\x00'::bytea || %(expressions)s)"
    output_field = models.BinaryField()


def sealed_body() -> models.BinaryField:  # type: ignore[type-arg]
    """The exact bytes that the log commits to; the database writes them, whatever is given."""
    return models.BinaryField(_("封存字节"), editable=False)


def leaf_hash() -> models.GeneratedField:
    """SHA-256(0x00 ‖ body), kept by the database."""
    return models.GeneratedField(
        expression=LeafHash("body"),
        output_field=models.BinaryField(),
        db_persist=True,
        verbose_name=_("叶哈希"),
    )


class SessionUser(models.Func):
    """The database role that opened the connection; SET ROLE does not change it."""

    template = "SESSION_USER"
    output_field = models.TextField()


class Action(models.Model):
    """One thing that somebody did to one subject, or to a set of `n` rows at once.

    `actor` and `actor_id` are copied, not referenced, so that the record reads on when the account is gone.
    `actor_role`, `institution_id` and `region_code` say in which capacity they acted.
    """

    at = models.DateTimeField(_("时间"), db_default=Now(), editable=False)
    db_user = models.TextField(_("数据库角色"), db_default=SessionUser(), editable=False)
    actor = models.TextField(_("操作人"), blank=True, default="")
    actor_id = models.BigIntegerField(_("操作人编号"), null=True, blank=True)
    actor_role = models.CharField(_("角色"), max_length=3, blank=True, default="")
    institution_id = models.BigIntegerField(_("操作人所在机构"), null=True, blank=True)
    region_code = models.CharField(
        _("操作人所在区划"), max_length=9, blank=True, default="", db_collation="C"
    )
    code = models.CharField(_("事项"), max_length=64)
    subject_type = models.CharField(_("对象类型"), max_length=64)
    subject_id = models.TextField(_("对象编号"), blank=True, default="")
    n = models.PositiveBigIntegerField(_("行数"), default=1)
    reason = models.TextField(_("事由"), blank=True, default="")
    request_id = models.CharField(_("请求编号"), max_length=64, blank=True, default="")
    before = models.JSONField(_("之前"), null=True, blank=True)
    after = models.JSONField(_("之后"), null=True, blank=True)
    body = sealed_body()
    leaf_hash = leaf_hash()

    class Meta:
        db_table = "audit_action"
        verbose_name = _("操作记录")
        verbose_name_plural = _("操作记录")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="audit_action_subject"),
            models.Index(fields=["code", "id"], name="audit_action_code"),
            models.Index(fields=["actor_id", "id"], name="audit_action_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject_type} {self.subject_id}".rstrip()


class Detail(models.Model):
    """The personal part of an action: a salted commitment that stays, and its content, which can go."""

    action = models.ForeignKey(
        Action, on_delete=models.PROTECT, related_name="details", verbose_name=_("操作")
    )
    subject_person = models.UUIDField(_("当事人"), null=True, blank=True)
    salt = models.BinaryField(_("盐"), null=True, blank=True)
    detail = models.JSONField(_("内容"), null=True, blank=True)
    commitment = models.BinaryField(_("承诺值"))
    erased_at = models.DateTimeField(_("抹除时间"), null=True, blank=True)
    body = sealed_body()
    leaf_hash = leaf_hash()

    class Meta:
        db_table = "audit_detail"
        verbose_name = _("操作详情")
        verbose_name_plural = _("操作详情")
        indexes: ClassVar = [models.Index(fields=["subject_person", "id"], name="audit_detail_person")]

    def __str__(self) -> str:
        return f"{self.action_id}/{self.pk}"


class Manifest(models.Model):
    """What every row of a set looked like after an action: SHA-256 of its canonical text, by id.

    Exactly one of `row_ids` and `row_uuids` is filled, ascending; `hashes` holds 32 bytes for each of them,
    and 32 zero bytes for a row that the action removed. `canon` names the version of the canonical form, e.g.
    enrolment_v1.
    """

    action = models.ForeignKey(
        Action, on_delete=models.PROTECT, related_name="manifests", verbose_name=_("操作")
    )
    table_name = models.CharField(_("数据表"), max_length=63)
    canon = models.CharField(_("规范格式"), max_length=63)
    row_ids = ArrayField(models.BigIntegerField(), verbose_name=_("行号"), null=True, blank=True)
    row_uuids = ArrayField(models.UUIDField(), verbose_name=_("行号"), null=True, blank=True)
    hashes = models.BinaryField(_("摘要"))
    body = sealed_body()
    leaf_hash = leaf_hash()

    class Meta:
        db_table = "audit_manifest"
        verbose_name = _("行清单")
        verbose_name_plural = _("行清单")
        indexes: ClassVar = [models.Index(fields=["table_name", "id"], name="audit_manifest_table")]

    def __str__(self) -> str:
        return f"{self.table_name} {self.canon} ({self.action_id})"


class Entry(models.TextChoices):
    """Which table an entry of the log stands in."""

    ACTION = "a", _("操作")
    DETAIL = "d", _("详情")
    MANIFEST = "m", _("行清单")


class Pending(models.Model):
    """An entry that is committed and not yet in the log; a trigger adds it, the notary takes it away."""

    pk = models.CompositePrimaryKey("kind", "row_id")
    kind = models.CharField(_("种类"), max_length=1, choices=Entry.choices)
    row_id = models.BigIntegerField(_("编号"))

    class Meta:
        db_table = "audit_pending"
        verbose_name = _("待入日志")
        verbose_name_plural = _("待入日志")

    def __str__(self) -> str:
        return f"{self.kind}{self.row_id}"


class Leaf(models.Model):
    """The place of an entry in the log: leaf number from 0, and the hash that the tree was built on."""

    idx = models.BigIntegerField(_("叶序号"), primary_key=True)
    kind = models.CharField(_("种类"), max_length=1, choices=Entry.choices)
    row_id = models.BigIntegerField(_("编号"))
    hash = models.BinaryField(_("叶哈希"))

    class Meta:
        db_table = "audit_leaf"
        verbose_name = _("日志叶")
        verbose_name_plural = _("日志叶")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "row_id"], name="audit_leaf_entry_once"),
        ]

    def __str__(self) -> str:
        return str(self.idx)


class LogState(models.Model):
    """The one row that says how far the log has come.

    `frontier` is the right edge of the tree: the roots of its full subtrees, largest first, 32 bytes each.
    `sysid` is the database cluster that the log grew in; `pledge` is random, new with every signature and also kept by
    the notary itself, so that a database which has fallen behind it is recognised. `settled_at` is when everything
    committed by then was in the log, signed and published.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    origin = models.TextField(_("日志名称"))
    size = models.BigIntegerField(_("叶数"), default=0)
    frontier = models.BinaryField(_("右边缘"), default=bytes)
    sysid = models.TextField(_("数据库集群标识"))
    pledge = models.BinaryField(_("信物"), default=bytes)
    settled_at = models.DateTimeField(_("最近一次全部签署发布"), null=True)

    class Meta:
        db_table = "audit_log_state"
        verbose_name = _("日志状态")
        verbose_name_plural = _("日志状态")
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_log_state_one_row"),
        ]

    def __str__(self) -> str:
        return f"{self.origin} {self.size}"


class Checkpoint(models.Model):
    """A signed statement of the log's size and root, as it was published."""

    size = models.BigIntegerField(_("叶数"), primary_key=True)
    root = models.BinaryField(_("树根"))
    note = models.TextField(_("签名声明"))
    at = models.DateTimeField(_("时间"), db_default=Now(), editable=False)

    class Meta:
        db_table = "audit_checkpoint"
        verbose_name = _("检查点")
        verbose_name_plural = _("检查点")

    def __str__(self) -> str:
        return str(self.size)


class EndedLeaf(models.Model):
    """A leaf of a log that ended because entries were lost; another log names its head."""

    pk = models.CompositePrimaryKey("origin", "idx")
    origin = models.TextField(_("日志名称"))
    idx = models.BigIntegerField(_("叶序号"))
    kind = models.CharField(_("种类"), max_length=1, choices=Entry.choices)
    row_id = models.BigIntegerField(_("编号"))
    hash = models.BinaryField(_("叶哈希"))

    class Meta:
        db_table = "audit_ended_leaf"
        verbose_name = _("已终止日志的叶")
        verbose_name_plural = _("已终止日志的叶")

    def __str__(self) -> str:
        return f"{self.origin} {self.idx}"


class EndedCheckpoint(models.Model):
    """A checkpoint of a log that ended."""

    pk = models.CompositePrimaryKey("origin", "size")
    origin = models.TextField(_("日志名称"))
    size = models.BigIntegerField(_("叶数"))
    root = models.BinaryField(_("树根"))
    note = models.TextField(_("签名声明"))
    at = models.DateTimeField(_("时间"))

    class Meta:
        db_table = "audit_ended_checkpoint"
        verbose_name = _("已终止日志的检查点")
        verbose_name_plural = _("已终止日志的检查点")

    def __str__(self) -> str:
        return f"{self.origin} {self.size}"
