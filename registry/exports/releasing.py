"""Many rows, and numbers in full, leave only when a second person agrees: kinds of matter that review decides on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from registry.accounts.models import User
from registry.exports import rules, services, sources, tasks
from registry.exports.models import Export
from registry.review.models import Case
from registry.review.procedures import Procedure, Step


def _export(case: Case) -> Export:
    return Export.objects.select_related("asker").get(pk=UUID(case.subject_id))


def _facts(case: Case) -> Sequence[tuple[str, str]]:
    export = _export(case)
    words = sources.get(export.kind).words(export.asked)
    return [
        (_("内容"), sources.labels().get(export.kind, export.kind)),
        (_("行数"), f"{export.rows:,}"),
        (_("号码"), _("完整") if services.is_whole(export.kind) else _("遮盖")),
        *words,
        (_("事由"), rules.labels().get(export.reason, export.reason)),
        (_("具体用途"), export.purpose),
    ]


def _approved(case: Case, actor: User) -> None:
    if services.release(UUID(case.subject_id), actor=actor):
        # In the same transaction: an approval without its job, or a job without its approval, cannot be.
        tasks.enqueue(UUID(case.subject_id))


def _refused(case: Case, actor: User) -> None:
    last = case.decisions.order_by("row_version").last()
    services.refuse(UUID(case.subject_id), actor=actor, reason=last.reason if last else "")


RELEASE = Procedure(
    kind=services.RELEASE,
    label=_lazy("导出大量明细"),
    steps=(Step("approve", action="export.many"),),
    on_approved=_approved,
    on_refused=_refused,
    effect=_lazy("通过后系统生成文件，只有申请人能在到期前下载；每次下载都会记录。"),
    facts=_facts,
    link=lambda case: reverse("exports:detail", args=[case.subject_id]),
)

RELEASE_WHOLE = replace(
    RELEASE,
    kind=services.RELEASE_WHOLE,
    label=_lazy("导出完整号码"),
    steps=(Step("approve", action="export.whole_approve"),),
    effect=_lazy(
        "通过后系统生成含完整证件号码的文件，只有申请人再次确认身份后才能下载；名单中的每个人都能看到这次导出。"
    ),
)
