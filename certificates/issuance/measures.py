"""Lists of certificates to which the same is to be done (处置单): drawn up, reviewed where it takes two, carried out.

One certificate is a list of one line. Suspending protects whoever relies on a certificate and can be undone, so one
person may; restoring and revoking take a second one (registry.review). What the second person agreed to is exactly
what is done: the matter holds a digest of the lines. Carrying out goes by pieces, each a transaction, and goes on
where it was broken off.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.issuance import acts, numbering, reasons
from certificates.issuance.act_models import ActKind, Measure, MeasureRow
from certificates.issuance.acts import Asked
from certificates.issuance.queries import certificates
from registry.accounts.models import User
from registry.accounts.policy import scope_of
from registry.accounts.scopes import actor_for, within
from registry.audit import services as audit
from registry.audit.numbers import numbers_in, veiled
from registry.institutions.models import Institution
from registry.lib import figures
from registry.lib.scope import Scope
from registry.lib.text import name_key
from registry.review import services as review
from registry.review.models import Case

CHUNK: Final = 500  # certificates in one transaction

State, Outcome = Measure.State, MeasureRow.Outcome

#: kind of act → the right that asks for it, and the right of the second person; None where one person is enough.
RIGHTS: Final[Mapping[str, tuple[str, str | None]]] = {
    ActKind.SUSPEND: ("certificate.suspend", None),
    ActKind.RESTORE: ("certificate.suspend", "certificate.restore_approve"),
    ActKind.REVOKE: ("certificate.revoke_request", "certificate.revoke_approve"),
}


class Line(NamedTuple):
    """One line as somebody wrote it: reason by code or by its words.

    A `name` that is written must be the holder's; `row` is the line's number in the sheet or in what was pasted.
    """

    number: str
    reason: str = ""
    note: str = ""
    name: str = ""
    row: int | None = None


class NotNow(ValidationError):
    """The list does not stand where this could be done."""


def review_kind(kind: str) -> str:
    return f"certificates.{kind}"


def measures(scope: Scope) -> QuerySet[Measure]:
    """Lists in view: those of one's institution, or of one's division and below."""
    seen = within(scope, region_field="region_code", institution_field="institution_id")
    return Measure.objects.filter(seen).select_related("maker", "institution")


def draw_up(kind: str, lines: Sequence[Line], *, actor: User, note: str = "") -> Measure:
    """A draft with every line found or refused for one reason. Raises ValidationError for no line or too many.

    What the actor may not reach is not found, as if it were not there.
    """
    most = figures.number("certificates.measure_rows")
    if not lines:
        raise ValidationError(_t("没有一行证书编号。"))
    if len(lines) > most:
        raise ValidationError(_t("一次最多 %(n)s 行，请分几次办理。") % {"n": most})
    scope = scope_of(actor_for(actor), RIGHTS[kind][0])
    with transaction.atomic():
        measure = Measure.objects.create(
            kind=kind, maker=actor, note=veiled(note.strip()), total=len(lines), **_place(scope)
        )
        rows = _resolved(measure, lines, scope)
        MeasureRow.objects.bulk_create(rows, batch_size=2_000)
        _count(measure)
    return measure


def submit(measure_id: UUID, *, actor: User) -> Measure:
    """Hand a draft in: to the second person, or at once where one person is enough.

    The lines are looked at again, for states may have changed. Raises NotNow, and what the review room raises.
    """
    with transaction.atomic():
        measure = Measure.objects.select_for_update(of=("self",)).get(pk=measure_id, maker=actor)
        if measure.state != State.DRAFT:
            raise NotNow(_t("这张处置单已经提交或放弃。"))
        _look_again(measure)
        _count(measure)
        going = measure.total - measure.refused
        if not going:
            raise NotNow(_t("没有一行可以办理。"))
        second = RIGHTS[measure.kind][1]
        if second is None:
            measure.state = State.DOING
            measure.save(update_fields=["state"])
        else:
            case = review.open_case(
                kind=review_kind(measure.kind),
                subject_type="measure",
                subject_id=measure.pk,
                summary=_t("%(what)s %(n)s 本证书（%(number)s）")
                % {"what": measure.get_kind_display(), "n": going, "number": measure.number},
                maker=actor,
                payload={"measure": str(measure.pk), "rows": going, "digest": _digest(measure)},
                region_code=measure.region_code,
                institution_id=measure.institution_id,
            )
            measure.state, measure.case_id = State.WAITING, case.pk
            measure.save(update_fields=["state", "case_id"])
        _record("measure_submit", measure, actor, rows=going)
    if measure.state == State.DOING:
        _start(measure)
    return measure


def drop(measure_id: UUID, *, actor: User) -> None:
    """Give a draft up. Raises NotNow."""
    if not Measure.objects.filter(pk=measure_id, maker=actor, state=State.DRAFT).update(state=State.DROPPED):
        raise NotNow(_t("这张处置单已经提交或放弃。"))


def at_once(kind: str, lines: Sequence[Line], *, actor: User, note: str = "") -> Measure:
    """Draw up and hand in, in one go: for a single certificate."""
    with transaction.atomic():
        measure = draw_up(kind, lines, actor=actor, note=note)
        row = measure.rows.first() if len(lines) == 1 else None
        if row is not None and row.problem:
            raise NotNow(str(acts.PROBLEMS[row.problem]))
        return submit(measure.pk, actor=actor)


def carry_out(measure_id: UUID) -> Measure:
    """Do what is left of a list, piece by piece; twice is once. For the worker, and inline for short lists."""
    while _piece(measure_id):
        pass
    return Measure.objects.get(pk=measure_id)


def _piece(measure_id: UUID) -> bool:
    """One transaction: up to CHUNK lines, each with its outcome. False when nothing is left."""
    with transaction.atomic():
        measure = Measure.objects.select_for_update(of=("self",)).get(pk=measure_id)
        if measure.state != State.DOING:
            return False
        waiting = measure.rows.filter(outcome=Outcome.WAITING).order_by("position")[:CHUNK]
        rows = [row for row in waiting if row.certificate_id is not None]
        if not rows:
            measure.state, measure.finished_at = State.DONE, Now()
            measure.save(update_fields=["state", "finished_at"])
            return False
        second = _second_person(measure)
        done = acts.move(
            measure.kind,
            [Asked(row.certificate_id, row.reason, row.note) for row in rows if row.certificate_id],
            actor=second or measure.maker,
            asked_by=measure.maker if second else None,
            measure_id=measure.pk,
        )
        _outcomes(measure, rows, done)
        _count(measure)
    return True


def _second_person(measure: Measure) -> User | None:
    if measure.case_id is None:
        return None
    last = Case.objects.get(pk=measure.case_id).decisions.select_related("actor").latest("row_version")
    second: User = last.actor
    return second


def _outcomes(measure: Measure, rows: Sequence[MeasureRow], done: acts.Done) -> None:
    moved = set(done.moved)
    for row in rows:
        if row.certificate_id in moved:
            row.outcome, row.problem = Outcome.DONE, ""
        else:
            row.outcome, row.problem = Outcome.REFUSED, done.problems.get(row.certificate_id or 0, "already")
    MeasureRow.objects.bulk_update(rows, ["outcome", "problem"])


# --- drawing up ------------------------------------------------------------------------------------------


def _place(scope: Scope) -> dict[str, object]:
    """Whose list it is: the institution's with its division, or the division's."""
    if scope.kind == "institution":
        region = Institution.objects.values_list("region_id", flat=True).get(pk=scope.institution_id or 0)
        return {"institution_id": scope.institution_id, "region_code": region}
    return {"institution_id": None, "region_code": scope.region_code or ""}


def _resolved(measure: Measure, lines: Sequence[Line], scope: Scope) -> list[MeasureRow]:
    given = reasons.of(measure.kind)
    by_words = {one.label: code for code, one in given.items()}
    numbers = [numbering.normalise(line.number)[:40] for line in lines]
    known = {
        number: (pk, state, key)
        for pk, number, state, key in certificates(scope)
        .filter(number__in=set(numbers))
        .values_list("pk", "number", "state", "person__name_key")
    }
    rows, seen = [], set[str]()
    for position, (line, number) in enumerate(zip(lines, numbers, strict=True), 1):
        pk, state, holder = known.get(number, (None, "", ""))
        said = line.reason.strip()
        code = said if said in given else by_words.get(said, "")
        problem = (
            "not_found"
            if pk is None
            else "repeated"
            if number in seen
            else "other_name"
            if line.name.strip() and name_key(line.name) != holder
            else "no_reason"
            if not code
            else obstacle(measure.kind, state)
        )
        seen.add(number)
        rows.append(
            MeasureRow(
                measure=measure,
                position=position,
                row_no=line.row,
                # What is no certificate may be somebody's identity number in the wrong column.
                number=number if pk is not None or not numbers_in(number) else veiled(number),
                certificate_id=pk,
                reason=code,
                note=veiled(line.note.strip())[:200],
                outcome=Outcome.REFUSED if problem else Outcome.WAITING,
                problem=problem,
            )
        )
    return rows


def obstacle(kind: str, state: str) -> str:
    """Why this cannot be done to a certificate in this state; empty where it can."""
    became, leaves = acts.LEADS[kind]
    if state in leaves:
        return ""
    return "already" if state == became and kind != ActKind.RESTORE else f"is_{state}"


def _look_again(measure: Measure) -> None:
    """Refuse lines whose certificates changed since the draft was drawn up."""
    rows = list(measure.rows.filter(outcome=Outcome.WAITING).select_related("certificate"))
    changed = []
    for row in rows:
        row.problem = obstacle(measure.kind, row.certificate.state) if row.certificate else "not_found"
        if row.problem:
            row.outcome = Outcome.REFUSED
            changed.append(row)
    MeasureRow.objects.bulk_update(changed, ["outcome", "problem"])


def _count(measure: Measure) -> None:
    """How many lines stand where, as pages and progress show it."""
    found = dict(measure.rows.order_by().values_list("outcome").annotate(n=Count("pk")))
    measure.done, measure.refused = found.get(Outcome.DONE, 0), found.get(Outcome.REFUSED, 0)
    measure.save(update_fields=["done", "refused"])


def _digest(measure: Measure) -> str:
    """SHA-256 of what is to be done: the lines that wait, in order."""
    lines = measure.rows.filter(outcome=Outcome.WAITING).order_by("position")
    text = "\n".join(f"{pk} {reason}" for pk, reason in lines.values_list("certificate_id", "reason"))
    return hashlib.sha256(f"{measure.kind}\n{text}".encode()).hexdigest()


def _start(measure: Measure) -> None:
    """Short lists are done at once, long ones in the queue."""
    if measure.total - measure.refused <= figures.number("certificates.measure_inline"):
        carry_out(measure.pk)
        measure.refresh_from_db()
        return
    from certificates.issuance import measure_tasks

    transaction.on_commit(lambda: measure_tasks.enqueue(measure.pk))


def _record(verb: str, measure: Measure, actor: User, **after: object) -> None:
    audit.record(
        code=f"certificate.{verb}",
        actor=actor,
        subject_type="measure",
        subject_id=measure.pk,
        n=measure.total,
        after={"kind": measure.kind, "state": measure.state, **after},
    )


# --- what the review room calls -----------------------------------------------------------------------------


def _approved(case: Case, actor: User) -> None:
    measure = Measure.objects.select_for_update(of=("self",)).get(pk=case.payload["measure"])
    if measure.state != State.WAITING or _digest(measure) != case.payload["digest"]:
        raise NotNow(_t("处置单的内容与提交时不同，不能办理。请退回重新提交。"))
    measure.state = State.DOING
    measure.save(update_fields=["state"])
    _start(measure)


def _refused(case: Case, actor: User) -> None:
    returned = case.state in (Case.State.RETURNED, Case.State.WITHDRAWN)
    state = State.DRAFT if returned else State.REFUSED
    Measure.objects.filter(pk=case.payload["measure"], state=State.WAITING).update(state=state, case_id=None)


def _facts(case: Case) -> list[tuple[str, str]]:
    """What the second person looks at: how many, for which reasons, whose."""
    measure = Measure.objects.select_related("institution").filter(pk=case.payload["measure"]).first()
    if measure is None:
        return []
    words = reasons.labels(measure.kind)
    by_reason = (
        measure.rows.exclude(outcome=Outcome.REFUSED)
        .order_by()
        .values_list("reason")
        .annotate(n=Count("pk"))
        .order_by("-n")
    )
    facts = [(_t("处置单"), measure.number), (_t("可办理"), _t("%(n)s 本") % {"n": case.payload["rows"]})]
    facts += [(words.get(code, code), _t("%(n)s 本") % {"n": n}) for code, n in by_reason]
    if measure.note:
        facts.append((_t("说明"), measure.note))
    return facts


def _link(case: Case) -> str:
    return reverse("certificates:measure", args=[case.payload["measure"]])


def register() -> None:
    """Make the two kinds of matter known to the review room."""
    review.register(
        review.Procedure(
            kind=review_kind(ActKind.REVOKE),
            label=_("撤销证书"),
            steps=(review.Step("approve", action="certificate.revoke_approve"),),
            on_approved=_approved,
            on_refused=_refused,
            effect=_(
                "证书及其换发前后的证书即为已撤销，不能恢复；查询页和接口立即可见，状态名单一分钟内更新；"
                "已发补贴列入追回建议，撤销当月核减取证人次。"
            ),
            facts=_facts,
            link=_link,
        )
    )
    review.register(
        review.Procedure(
            kind=review_kind(ActKind.RESTORE),
            label=_("恢复证书"),
            steps=(review.Step("approve", action="certificate.restore_approve"),),
            on_approved=_approved,
            on_refused=_refused,
            effect=_("证书恢复有效；查询页和接口立即可见，状态名单一分钟内更新。"),
            facts=_facts,
            link=_link,
        )
    )


def unfinished() -> Iterable[UUID]:
    """Lists that were agreed to and are not done: a worker was killed, or the queue lost them."""
    return Measure.objects.filter(state=State.DOING).values_list("pk", flat=True)
