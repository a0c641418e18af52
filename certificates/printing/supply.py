"""Verbs of blank paper: ask for it, send it, take it into stock, use it, spoil it, destroy it, count it.

A sheet is one row (`Sheet`), so whoever takes one locks it; two clerks who print at once get different sheets or are
told. Where a body keeps no numbered paper in stock, printing takes serials as they are typed, as before. Domain §1.7.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Final
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from certificates.issuance import families
from certificates.printing import paper_queries, stock
from certificates.printing.errors import NotAllowed as NotAllowed
from certificates.printing.models import PrintCopy
from certificates.printing.paper_models import Destruction, PaperRequest, Sheet, Stocktaking
from registry.accounts import policy
from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.numbers import veiled
from registry.institutions.models import Institution
from registry.lib import figures
from registry.lib.scope import Actor
from registry.review import services as review
from registry.review.errors import SamePerson
from registry.review.models import Case

ASK, DESTROY = "printing.paper", "printing.destroy"  # kinds of matter

#: What became of a blank sheet that was never printed.
FATES: Final = {
    "damaged": (Sheet.State.SPOILED, _lazy("破损、污损")),
    "misprint": (Sheet.State.SPOILED, _lazy("印刷质量不合格")),
    "found": (Sheet.State.SPOILED, _lazy("遗失后找回")),
    "lost": (Sheet.State.LOST, _lazy("遗失")),
    "short": (Sheet.State.LOST, _lazy("盘点短少")),
}


# --- from the requisition into stock -------------------------------------------------------------------


@transaction.atomic
def ask(*, actor: Actor, user: User, family: str, quantity: int, note: str) -> PaperRequest:
    """Hand in a requisition. Raises NotAllowed for a quantity out of bounds, and what review says of the account."""
    institution = _own(actor)
    if not families.allows(actor, family):
        raise NotAllowed(_("培训机构只申领培训合格证书。"))
    most = figures.number("printing.paper_most")
    if not 1 <= quantity <= most:
        raise NotAllowed(_("一次可申领 1 至 %(most)s 张。") % {"most": most})
    row = PaperRequest.objects.create(
        institution=institution,
        region_code=institution.region_id,
        family=family,
        quantity=quantity,
        note=veiled(note.strip())[:200],
        maker=user,
    )
    case = review.open_case(
        kind=ASK,
        subject_type="paper_request",
        subject_id=row.pk,
        summary=_("申领%(family)s空白证书 %(n)s 张") % {"family": row.get_family_display(), "n": quantity},
        payload={"quantity": quantity, "family": family},
        maker=user,
        region_code=row.region_code,
        institution_id=institution.pk,
    )
    row.case_id = case.pk
    row.save(update_fields=["case_id"])
    row.refresh_from_db(fields=["created_at"])
    return row


@transaction.atomic
def send(request_id: UUID, *, actor: Actor, user: User, first: str, count: int) -> PaperRequest:
    """Send sheets out for an approved requisition: from this serial on, so many.

    Raises NotAllowed for another state, too many, or a serial that is on record; DoesNotExist out of reach.
    """
    policy.require(actor, "paper.send")
    scope = policy.scope_of(actor, "paper.send")
    row = paper_queries.requests(scope).select_for_update(of=("self",)).get(pk=request_id)
    if row.state != PaperRequest.State.APPROVED:
        raise NotAllowed(_("这次申领现在是“%(state)s”，不能发出。") % {"state": row.get_state_display()})
    if not 1 <= count <= row.quantity:
        raise NotAllowed(_("发出张数应在 1 与申领张数之间。"))
    try:
        serials = stock.run(first, count)
    except stock.BadStock as error:
        raise NotAllowed(str(error)) from None
    if not serials[0]:
        raise NotAllowed(_("请填写起始流水码。"))
    used = PrintCopy.objects.filter(stock__in=serials).order_by("stock").values_list("stock", flat=True)[:3]
    if used:
        raise NotAllowed(_("流水码 %(used)s 已经用过。") % {"used": "、".join(used)})
    try:
        with transaction.atomic():
            Sheet.objects.bulk_create(
                (
                    Sheet(request=row, institution_id=row.institution_id, family=row.family, serial=serial)
                    for serial in serials
                ),
                batch_size=5_000,
            )
    except IntegrityError:
        raise NotAllowed(_("其中有流水码已经登记过，请核对起始流水码。")) from None
    row.state, row.first, row.last, row.sent = PaperRequest.State.SENT, serials[0], serials[-1], count
    row.sent_by, row.sent_at = user, timezone.now()
    row.save(update_fields=["state", "first", "last", "sent", "sent_by", "sent_at"])
    _record("paper_send", row, user, n=count)
    return row


@transaction.atomic
def receive(request_id: UUID, *, actor: Actor, user: User, arrived: bool) -> PaperRequest:
    """Take a delivery into stock; or say that it is not what was sent, and it waits to be sent anew.

    Raises NotAllowed, PaperRequest.DoesNotExist.
    """
    _own(actor)
    scope = policy.scope_of(actor, "paper.keep")
    row = paper_queries.requests(scope).select_for_update(of=("self",)).get(pk=request_id)
    if row.state != PaperRequest.State.SENT:
        raise NotAllowed(_("这次申领现在是“%(state)s”，不能入库。") % {"state": row.get_state_display()})
    if arrived:
        row.sheets.filter(state=Sheet.State.SENT).update(state=Sheet.State.STOCK)
        row.state, row.received_by, row.received_at = PaperRequest.State.RECEIVED, user, timezone.now()
        row.save(update_fields=["state", "received_by", "received_at"])
        _record("paper_receive", row, user, n=row.sent)
        return row
    row.sheets.filter(state=Sheet.State.SENT).delete()
    _record("paper_return", row, user, n=row.sent)
    row.state, row.first, row.last, row.sent = PaperRequest.State.APPROVED, "", "", 0
    row.sent_by = row.sent_at = None
    row.save(update_fields=["state", "first", "last", "sent", "sent_by", "sent_at"])
    return row


# --- used in printing --------------------------------------------------------------------------------------


def take(institution_id: int, family: str, first: str, count: int) -> list[str]:
    """Serials of so many sheets for printing, from the first on, taken out of stock within the caller's transaction.

    All empty where the first is (plain paper). Sheets that are no longer in stock are passed over, as in the tray.
    Raises NotAllowed where the serial is not in stock or too few are.
    """
    first = stock.normalise(first)
    if not first:
        return [""] * count
    mine = Sheet.objects.filter(institution_id=institution_id, family=family)
    if not mine.exclude(state=Sheet.State.SENT).exists():
        return _typed(first, count)
    start = mine.filter(serial=first, state=Sheet.State.STOCK).first()
    if start is None:
        raise NotAllowed(_("流水码 %(first)s 不在本机构这类证书的库存中，或已经用过。") % {"first": first})
    free = mine.filter(state=Sheet.State.STOCK, id__gte=start.pk).order_by("id")
    # Whoever else is taking them is waited for, and then these are fewer.
    rows = list(free.select_for_update()[:count])
    if len(rows) < count:
        raise NotAllowed(
            _("从 %(first)s 起只有 %(n)s 张在库，需要 %(count)s 张。")
            % {"first": first, "n": len(rows), "count": count}
        )
    mine.filter(pk__in=[row.pk for row in rows]).update(state=Sheet.State.USED)
    return [row.serial for row in rows]


def _typed(first: str, count: int) -> list[str]:
    try:
        serials = stock.run(first, count)
    except stock.BadStock as error:
        raise NotAllowed(str(error)) from None
    others = list(Sheet.objects.filter(serial__in=serials).values_list("serial", flat=True)[:3])
    if others:
        raise NotAllowed(_("流水码 %(serials)s 登记在别处，不能使用。") % {"serials": "、".join(others)})
    return serials


def wasted(serials: Sequence[str], reason: str) -> None:
    """Sheets that were taken for printing and are no certificate any more wait to be destroyed."""
    gone = Sheet.objects.filter(serial__in=[one for one in serials if one], state=Sheet.State.USED)
    gone.update(state=Sheet.State.SPOILED, reason=reason)


# Of each order among these certificates: how many it has, and how many sheets they have taken, these included.
_USE = """
SELECT o.signed, (
    SELECT count(*) FROM issuance_attestation a JOIN printing_copy p ON p.certificate_id = a.id
    WHERE a.order_id = o.id AND p.stock <> ''
)
FROM issuance_order o
WHERE o.id IN (SELECT order_id FROM issuance_attestation WHERE id = ANY(%s))
"""


def excess(certificates: Sequence[int]) -> tuple[int, int] | None:
    """(sheets taken, certificates) of the first order that took more than may be without a reason."""
    most = figures.number("printing.use_percent")
    with connection.cursor() as cursor:
        cursor.execute(_USE, [list(certificates)])
        for passed, used in cursor.fetchall():
            if used * 100 > passed * most:
                return used, passed
    return None


# --- what is no certificate any more ---------------------------------------------------------------------


@transaction.atomic
def note(*, actor: Actor, user: User, first: str, count: int, reason: str) -> int:
    """Blank sheets are damaged, lost or found again: from this serial on, so many. Raises NotAllowed."""
    institution = _own(actor)
    if reason not in FATES:
        raise NotAllowed(_("请选择原因。"))
    try:
        serials = stock.run(first, count)
    except stock.BadStock as error:
        raise NotAllowed(str(error)) from None
    state = FATES[reason][0]
    leaves = Sheet.State.LOST if reason == "found" else Sheet.State.STOCK
    blank = Sheet.objects.filter(institution=institution, serial__in=serials, state=leaves)
    n = blank.update(state=state, reason=reason)
    if n < count:
        # What was moved is undone: nothing is noted in half.
        raise NotAllowed(
            _("其中 %(n)s 张不是“%(state)s”的证书纸，没有登记。")
            % {"n": count - n, "state": Sheet.State(leaves).label}
        )
    audit.record(
        code="printing.paper_fate",
        actor=user,
        subject_type="institution",
        subject_id=institution.pk,
        n=n,
        reason=reason,
        after={"state": str(state), "first": serials[0]},
    )
    return n


@transaction.atomic
def list_for_destruction(*, actor: Actor, user: User) -> Destruction:
    """Put all that waits to be destroyed on one list and hand it in. Raises NotAllowed where nothing waits."""
    institution = _own(actor)
    waiting = Sheet.objects.filter(
        institution=institution, state=Sheet.State.SPOILED, destruction__isnull=True
    )
    rows = list(waiting.select_for_update().order_by("id"))
    if not rows:
        raise NotAllowed(_("没有待销毁的证书纸。"))
    made = Destruction.objects.create(
        institution=institution,
        region_code=institution.region_id,
        total=len(rows),
        digest=digest([row.serial for row in rows]),
        maker=user,
    )
    Sheet.objects.filter(pk__in=[row.pk for row in rows]).update(destruction=made)
    case = review.open_case(
        kind=DESTROY,
        subject_type="paper_destruction",
        subject_id=made.pk,
        summary=_("销毁作废证书纸 %(n)s 张") % {"n": made.total},
        payload={"total": made.total, "digest": made.digest},
        maker=user,
        region_code=made.region_code,
        institution_id=institution.pk,
    )
    made.case_id = case.pk
    made.save(update_fields=["case_id"])
    return made


@transaction.atomic
def close(destruction_id: UUID, *, actor: Actor, user: User, done_on: date) -> Destruction:
    """Note that a list was destroyed on a day; who agreed to it is the witness, and another person than this one.

    Raises NotAllowed, Destruction.DoesNotExist.
    """
    _own(actor)
    scope = policy.scope_of(actor, "paper.keep")
    row = paper_queries.destructions(scope).select_for_update(of=("self",)).get(pk=destruction_id)
    if row.state != Destruction.State.APPROVED or row.case_id is None:
        raise NotAllowed(_("销毁批次现在是“%(state)s”。") % {"state": row.get_state_display()})
    if not timezone.localdate(row.created_at) <= done_on <= timezone.localdate():
        raise NotAllowed(_("销毁日期应在建立批次与今天之间。"))
    agreed = Case.objects.get(pk=row.case_id).decisions.select_related("actor").latest("row_version")
    try:
        review.require_other_person(user, [agreed.actor.holder_id] if agreed.actor.holder_id else [])
    except SamePerson as error:
        raise NotAllowed(str(error)) from error
    row.sheets.update(state=Sheet.State.DESTROYED)
    row.state, row.done_on, row.closed_by, row.witness = (
        Destruction.State.CLOSED,
        done_on,
        user,
        agreed.actor,
    )
    row.save(update_fields=["state", "done_on", "closed_by", "witness"])
    _record("paper_destroy", row, user, n=row.total)
    return row


@transaction.atomic
def count(
    *, actor: Actor, user: User, family: str, counted: int, spoiled: int, note: str = ""
) -> Stocktaking:
    """Note what was counted against what the books say now. Raises NotAllowed for an unexplained difference."""
    institution = _own(actor)
    booked = paper_queries.booked(institution.pk, family)
    blank, waste = booked[Sheet.State.STOCK], booked[Sheet.State.SPOILED]
    if (counted, spoiled) != (blank, waste) and not note.strip():
        raise NotAllowed(
            _("账面空白 %(blank)s 张、待销毁 %(waste)s 张，与实盘不一致，请写明原因。")
            % {"blank": blank, "waste": waste}
        )
    made = Stocktaking.objects.create(
        institution=institution,
        region_code=institution.region_id,
        family=family,
        counted=counted,
        booked=blank,
        spoiled_counted=spoiled,
        spoiled_booked=waste,
        note=veiled(note.strip())[:200],
        on=timezone.localdate(),
        maker=user,
    )
    _record("paper_count", made, user, n=counted)
    return made


# --- parts -----------------------------------------------------------------------------------------------


def _own(actor: Actor) -> Institution:
    """The keeper's institution. Raises Refused where the role may not."""
    policy.require(actor, "paper.keep")
    return Institution.objects.get(pk=policy.scope_of(actor, "paper.keep").institution_id or 0)


def digest(serials: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(serials).encode()).hexdigest()


def _record(verb: str, row: PaperRequest | Destruction | Stocktaking, user: User, *, n: int) -> None:
    after = {"institution": row.institution_id}
    for name in ("family", "first", "last", "digest", "counted", "booked"):
        if hasattr(row, name):
            after[name] = getattr(row, name)
    audit.record(
        code=f"printing.{verb}",
        actor=user,
        subject_type=row._meta.db_table.removeprefix("printing_"),
        subject_id=row.pk,
        n=n,
        after=after,
    )
