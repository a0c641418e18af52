"""Verbs of printing: ask for a file of certificates, note what became of a sheet, fetch, expire; change a layout.

The file itself is made by `making`, in the queue for many and at once for few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Max, QuerySet
from django.db.utils import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from certificates.issuance import answers, families
from certificates.issuance.models import Certificate
from certificates.printing import layouts, queries, store, supply
from certificates.printing.errors import NotAllowed as NotAllowed
from certificates.printing.models import PageLayout, PrintCopy, PrintJob
from registry.accounts import policy
from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.numbers import veiled
from registry.lib import figures
from registry.lib.scope import Actor

State = PrintJob.State

# Why a sheet is no certificate any more.
REASONS = {
    "misprint": _lazy("打印质量不合格"),
    "jam": _lazy("卡纸、破损"),
    "wrong_data": _lazy("内容有误"),
    "unclaimed": _lazy("无人领取"),
    "replaced": _lazy("换发或补发"),
    "skipped": _lazy("证书已不能打印"),
    "other": _lazy("其他"),
}


def left_of(order_id: UUID) -> list[int]:
    """Certificates of an order that stand and have no sheet yet, by number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM issuance_attestation a JOIN issuance_certificate c ON c.id = a.id"
            " WHERE a.order_id = %s AND a.state = 'signed' AND issuance_answer(c, %s) = 'valid' AND NOT EXISTS"
            " (SELECT FROM printing_copy p WHERE p.certificate_id = a.id AND p.state = 'printed')"
            " ORDER BY a.number",
            [order_id, timezone.localdate()],
        )
        return [row for (row,) in cursor.fetchall()]


@transaction.atomic
def ask(
    *,
    actor: Actor,
    user: User,
    certificates: Sequence[int],
    order_id: UUID | None = None,
    first_stock: str = "",
    bilingual: bool = False,
    preprinted: bool = False,
    excess: str = "",
) -> PrintJob:
    """Ask for one file of these certificates, in this order; every one gets its sheet at once.

    Raises NotAllowed where one of them does not stand, is out of reach or of another family than the rest, where a
    serial was used before or is not in stock, where nothing is asked for, and where more numbered sheets are taken than
    the order allows without an `excess`, the reason for it.
    """
    policy.require(actor, "certificate.prepare")
    if not certificates:
        raise NotAllowed(_("没有可打印的证书。"))
    scope = policy.scope_of(actor, "certificate.prepare")
    reach = queries.printable(scope).filter(**families.of(actor))
    found = {row.pk: row for row in reach.filter(pk__in=certificates)}
    standing = answers.of_ids(certificates)
    if len(found) < len(set(certificates)) or any(standing.get(each) != "valid" for each in certificates):
        raise NotAllowed(_("其中有证书已撤销、暂停、换发或过期，不能打印。请刷新后重试。"))
    kinds = {row.family for row in found.values()}
    if len(kinds) > 1:
        raise NotAllowed(_("不同类别的证书版式不同，请分别打印。"))
    family = kinds.pop()
    layout = queries.layout_for(family, timezone.localdate())
    if layout is None:
        raise NotAllowed(_("这类证书还没有版式，不能打印。"))
    first = found[certificates[0]]
    assert first.institution_id is not None
    serials = supply.take(first.institution_id, family, first_stock, len(certificates))
    job = PrintJob.objects.create(
        order_id=order_id,
        institution_id=first.institution_id,
        family=family,
        layout=layout,
        asker=user,
        bilingual=bilingual,
        preprinted=preprinted,
        excess=veiled(excess.strip())[:200],
        total=len(certificates),
    )
    _take_sheets(job, certificates, serials)
    if serials[0] and not job.excess:
        _within_bounds(certificates)
    _record(
        job,
        "printing.ask",
        user,
        after={
            "family": family,
            "layout": layout.version,
            "stock": bool(first_stock),
            "excess": bool(job.excess),
        },
    )
    job.refresh_from_db(fields=["created_at"])
    return job


_COPY = """
INSERT INTO printing_copy (job_id, certificate_id, place, turn, stock, state, reason)
SELECT %(job)s, asked.id, asked.place,
    1 + coalesce((SELECT max(p.turn) FROM printing_copy p WHERE p.certificate_id = asked.id), 0),
    asked.stock, 'printed', ''
FROM unnest(%(ids)s::bigint[], %(stocks)s::text[]) WITH ORDINALITY asked (id, stock, place)
"""


def _take_sheets(job: PrintJob, certificates: Sequence[int], serials: Sequence[str]) -> None:
    taken = PrintCopy.objects.filter(stock__in=[each for each in serials if each]).order_by("stock")
    used = list(taken.values_list("stock", flat=True)[:3])
    if used:
        raise NotAllowed(_("流水码 %(used)s 已经用过。") % {"used": "、".join(used)})
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COPY, {"job": job.pk, "ids": list(certificates), "stocks": list(serials)})
    except IntegrityError:
        raise NotAllowed(_("同时有人在打印其中的证书或使用这些流水码，请刷新后重试。")) from None


def _within_bounds(certificates: Sequence[int]) -> None:
    over = supply.excess(certificates)
    if over is not None:
        raise NotAllowed(
            _("本签发单 %(n)s 本证书将共用 %(used)s 张证书纸，超过 %(most)s%%，请填写超量原因。")
            % {"n": over[1], "used": over[0], "most": figures.number("printing.use_percent")}
        )


@transaction.atomic
def note(copy_id: int, *, actor: User, state: str, reason: str) -> PrintCopy:
    """Note that a sheet is spoiled or was taken back. Raises NotAllowed where that is noted already."""
    if state not in (PrintCopy.State.SPOILED, PrintCopy.State.RETURNED) or reason not in REASONS:
        raise NotAllowed(_("请选择处理方式和原因。"))
    printed = PrintCopy.objects.filter(pk=copy_id, state=PrintCopy.State.PRINTED)
    if not printed.update(state=state, state_at=timezone.now(), state_by=actor, reason=reason):
        raise NotAllowed(_("这张证书纸已经登记过处理结果。"))
    copy = PrintCopy.objects.select_related("job").get(pk=copy_id)
    supply.wasted([copy.stock], reason)
    audit.record(
        code="printing.sheet",
        actor=actor,
        subject_type="certificate",
        subject_id=copy.certificate_id,
        n=1,
        reason=reason,
        after={"state": state, "turn": copy.turn},
    )
    return copy


@transaction.atomic
def fetch(job_id: UUID, *, user: User) -> PrintJob:
    """Count and record one download by the asker. Raises NotAllowed, DoesNotExist."""
    now = timezone.now()
    own = PrintJob.objects.filter(pk=job_id, asker=user)
    if not own.filter(state=State.READY, expires_at__gt=now).update(downloads=F("downloads") + 1):
        own.get()
        raise NotAllowed(_("文件还没有生成，或已到期销毁。需要时请重新打印。"))
    job = own.get()
    _record(job, "printing.download", user, after={"time": job.downloads})
    return job


@transaction.atomic
def fetched_one(certificate: Certificate, *, user: User) -> None:
    """Record that somebody took the file of one certificate."""
    audit.record(
        code="printing.fetch",
        actor=user,
        subject_type="certificate",
        subject_id=certificate.pk,
        n=1,
        after={"family": certificate.family},
    )


@transaction.atomic
def expire() -> int:
    """Destroy the files whose time is over; what was printed stays on record. Returns how many."""
    over = PrintJob.objects.filter(state=State.READY, expires_at__lte=timezone.now()).select_for_update(
        skip_locked=True
    )
    ids = list(over.values_list("pk", flat=True))
    if ids:
        PrintJob.objects.filter(pk__in=ids).update(state=State.EXPIRED)
        store.drop(ids)
        audit.record(code="printing.expire", actor=None, subject_type="print_job", n=len(ids))
    return len(ids)


def destroy_with(people: Sequence[UUID]) -> int:
    """Destroy the files in which any of these people stand, within the caller's transaction. Returns how many."""
    return _destroy(PrintCopy.objects.filter(certificate__person_id__in=list(people)))


def destroy_of(certificates: Sequence[int]) -> int:
    """Destroy the files with these certificates, whose code was signed anew. Returns how many."""
    return _destroy(PrintCopy.objects.filter(certificate_id__in=list(certificates)))


def _destroy(copies: QuerySet[PrintCopy]) -> int:
    with_them = copies.values("job_id")
    kept = PrintJob.objects.filter(pk__in=with_them, state=State.READY).select_for_update()
    ids = list(kept.values_list("pk", flat=True))
    if ids:
        PrintJob.objects.filter(pk__in=ids).update(state=State.EXPIRED)
        store.drop(ids)
    return len(ids)


@transaction.atomic
def finish(job: PrintJob, *, digest: str, size: int, pages: int, skipped: Sequence[int], signed: str) -> bool:
    """Note that the file lies there; False where somebody else made it meanwhile."""
    current = PrintJob.objects.select_for_update().get(pk=job.pk)
    if current.state != State.MAKING:
        return False
    now = timezone.now()
    _skip(PrintCopy.objects.filter(job=job, certificate_id__in=skipped))
    PrintJob.objects.filter(pk=job.pk).update(
        state=State.READY,
        done=pages,
        file_bytes=size,
        file_sha256=digest,
        signed=signed,
        made_at=now,
        expires_at=now + timedelta(days=figures.number("printing.file_days")),
    )
    _record(job, "printing.make", job.asker, n=pages, after={"sha256": digest, "skipped": len(skipped)})
    return True


@transaction.atomic
def fail(job_id: UUID) -> None:
    """Nothing came of it; the sheets that it took are not printed."""
    job = PrintJob.objects.get(pk=job_id)
    if PrintJob.objects.filter(pk=job_id, state=State.MAKING).update(state=State.FAILED):
        _skip(PrintCopy.objects.filter(job=job))
        _record(job, "printing.fail", None)


def _skip(copies: QuerySet[PrintCopy]) -> None:
    """Nothing was printed on these sheets; a serial serves once, so they wait to be destroyed."""
    left = copies.filter(state=PrintCopy.State.PRINTED)
    supply.wasted(list(left.values_list("stock", flat=True)), "skipped")
    left.update(state=PrintCopy.State.SKIPPED, state_at=timezone.now())


@transaction.atomic
def adjust(family: str, data: Mapping[str, Any], *, actor: User, valid_from: date, note: str) -> PageLayout:
    """A new version of a family's layout. Raises layouts.BadLayout; NotAllowed for a day that has been printed on."""
    layouts.read(data)
    if valid_from < timezone.localdate():
        raise NotAllowed(_("新版式不能从过去的日期起用。"))
    last = PageLayout.objects.filter(family=family).aggregate(n=Max("version"))["n"] or 0
    row = PageLayout.objects.create(
        family=family, version=last + 1, data=dict(data), valid_from=valid_from, note=note, made_by=actor
    )
    audit.record(
        code="printing.layout",
        actor=actor,
        subject_type="page_layout",
        subject_id=row.pk,
        n=1,
        after={"family": family, "version": row.version, "from": valid_from.isoformat()},
    )
    return row


def _record(
    job: PrintJob, code: str, actor: User | None, n: int | None = None, after: Mapping[str, Any] | None = None
) -> None:
    audit.record(
        code=code,
        actor=actor,
        subject_type="print_job",
        subject_id=job.pk,
        n=job.total if n is None else n,
        after=after,
    )
