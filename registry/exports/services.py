"""Verbs of exports: ask for one, let a second person decide, make it, fetch it, destroy it when its time is over."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.accounts import policy
from registry.accounts.acting import capacity
from registry.accounts.models import Role, User
from registry.accounts.scopes import actor_for, choose
from registry.audit import services as audit
from registry.audit.context import acting_as
from registry.audit.models import Action
from registry.exports import rules, sources, store
from registry.exports.models import Export, ExportContent
from registry.exports.sources import Source
from registry.identity import slices
from registry.identity.keyring import KeyringError
from registry.institutions.models import Institution
from registry.lib.scope import Actor, Scope
from registry.lib.xlsx import Mark, write_xlsx
from registry.review import services as review

logger = logging.getLogger("registry.exports")

State = Export.State
# The kinds of matter under which a second person decides: on many rows, and on numbers in full.
RELEASE, RELEASE_WHOLE = "exports.release", "exports.release_whole"
WHOLE = "export.whole"
CONTENT_ROWS = 400  # people in one row of the list of who stands in a file: what fits a page of the database
TELL_EVERY = 500  # rows between two words on how far a file has come


class NotAllowed(Exception):
    """The export cannot be asked for or fetched now; the text says why."""


def needs_second_person(user: User, rows: int) -> bool:
    """Whether so many rows are more than one person may export alone, at once or in pieces within a day."""
    if rows > rules.limit("export_rows_alone"):
        return True
    since = timezone.now() - timedelta(days=1)
    taken = Export.objects.filter(asker=user, created_at__gt=since, case_id=None).exclude(state=State.WAITING)
    sum_of_day = taken.aggregate(n=Sum("rows"))["n"] or 0
    return bool(sum_of_day + rows > rules.limit("export_rows_alone_per_day"))


@transaction.atomic
def ask(
    *, actor: Actor, user: User, source: Source, asked: Mapping[str, str], reason: str, purpose: str
) -> Export:
    """Ask for the rows of a filter. Few are made by whoever calls `make` next; many wait for a second person.

    Numbers in full always wait. Raises NotAllowed where there is nothing to export or too much of it, Refused where
    the role may not have so many or such, and what the review says where nobody knows which natural person asks.
    """
    policy.require(actor, "export.rows")
    if source.whole:
        policy.require(actor, WHOLE)
    rows = source.count(actor.scope, asked)
    if not rows:
        raise NotAllowed(_("没有符合条件的记录，无需导出。"))
    if rows > (most := rules.limit("export_whole_rows_most" if source.whole else "export_rows_most")):
        raise NotAllowed(
            _("共 %(rows)s 行，一次最多导出 %(most)s 行。请缩小条件，分次导出。")
            % {"rows": rows, "most": most}
        )
    many = needs_second_person(user, rows)
    if many:
        policy.require(actor, "export.many")
    waits = many or source.whole
    export = Export.objects.create(
        kind=source.kind,
        asker=user,
        membership_id=actor.membership_id,
        role=actor.role,
        place_name=actor.place_name,
        asked=dict(asked),
        reason=reason,
        purpose=purpose,
        rows=rows,
        state=State.WAITING if waits else State.QUEUED,
    )
    told = {"kind": export.kind, "filter": export.asked, "many": many, "whole": source.whole}
    _record(export, "exports.ask", user, after=told)
    if waits:
        export.case_id = _second_person(export, source, actor.scope, user)
        export.save(update_fields=["case_id"])
    export.refresh_from_db(fields=["created_at"])
    return export


@transaction.atomic
def release(export_id: UUID, *, actor: User) -> bool:
    """A second person agrees; False where nothing waits any more. Who may decide is the review's business."""
    if not Export.objects.filter(pk=export_id, state=State.WAITING).update(state=State.QUEUED):
        return False
    _record(Export.objects.get(pk=export_id), "exports.release", actor)
    return True


@transaction.atomic
def refuse(export_id: UUID, *, actor: User, reason: str) -> bool:
    """A second person disagrees; False where nothing waits any more."""
    waiting = Export.objects.filter(pk=export_id, state=State.WAITING)
    if not waiting.update(state=State.REFUSED, refusal=reason[:200]):
        return False
    _record(Export.objects.get(pk=export_id), "exports.refuse", actor)
    return True


def make(export_id: UUID) -> None:
    """Write the file with the rights that the asker has now, and note who stands in it. Made once, however often asked.

    Not in one transaction: how far it has come is seen while it is made. The file, the list of people and the action
    are one.
    """
    if not Export.objects.filter(pk=export_id, state__in=(State.QUEUED, State.MAKING)).update(
        state=State.MAKING, done=0
    ):
        return
    export = Export.objects.select_related("asker").get(pk=export_id)
    actor = _asker(export)
    source = sources.get(export.kind)
    if not _still_may(actor, export, source):
        _fail(export)
        return
    try:
        _write(export, source, actor)
    except KeyringError as error:
        logger.error("an export could not be made: %s", type(error).__name__)
        _fail(export, _("有号码不能解密，文件没有生成。请联系系统管理员。"))


def _still_may(actor: Actor, export: Export, source: Source) -> bool:
    """Whether the membership in which it was asked for is still held, and still has the right."""
    needed = ("export.rows", WHOLE) if source.whole else ("export.rows",)
    return actor.membership_id == export.membership_id and all(policy.can(actor, each) for each in needed)


def _write(export: Export, source: Source, actor: Actor) -> None:
    with acting_as(capacity(actor)), slices.nameless("export") as file:
        people: dict[UUID, None] = {}
        lines = source.lines(actor.scope, export.asked, export.rows)
        rows = write_xlsx(
            file,
            [str(heading) for heading in source.headings],
            _told(export, lines, people),
            name=str(source.label),
            mark=mark_of(export),
        )
        _finish(export, source, file, rows, list(people))


def mark_of(export: Export) -> Mark:
    """What every sheet of the export says about where it comes from."""
    who = " ".join(filter(None, [export.place_name, str(Role(export.role).label), str(export.asker)]))
    return Mark(
        number=export.number,
        sentence=_("导出编号 %(number)s；%(who)s 于 %(when)s 申请导出，仅限所申请的用途。")
        % {
            "number": export.number,
            "who": who,
            "when": timezone.localtime(export.created_at).strftime("%Y-%m-%d %H:%M"),
        },
        hidden={"export": export.pk.hex, "account": str(export.asker_id)},
    )


@transaction.atomic
def fetch(export_id: UUID, *, actor: Actor, user: User) -> Export:
    """Count and record one download by the asker before a byte is given out.

    Numbers in full go only to who holds the membership in which they were asked for, identity confirmed anew. Raises
    NotAllowed, DoesNotExist; Refused and NeedsConfirmation as the matrix says.
    """
    now = timezone.now()
    own = Export.objects.filter(pk=export_id, asker=user)
    asked = own.get()
    if is_whole(asked.kind):
        policy.require(actor, WHOLE)
        if actor.membership_id != asked.membership_id:
            raise NotAllowed(_("请切换到申请这份文件时的角色，再来下载。"))
    ready = own.filter(state=State.READY, expires_at__gt=now, downloads__lt=F("most_downloads"))
    if not ready.update(downloads=F("downloads") + 1):
        raise NotAllowed(_why_not(asked, now))
    export = own.get()
    _record(export, "exports.download", user, after={"kind": export.kind, "time": export.downloads})
    return export


@transaction.atomic
def expire() -> int:
    """Destroy the files whose time is over; who asked and who stood in them stays. Returns how many."""
    over = Export.objects.filter(state=State.READY, expires_at__lte=timezone.now()).select_for_update(
        skip_locked=True
    )
    ids = list(over.values_list("pk", flat=True))
    if ids:
        Export.objects.filter(pk__in=ids).update(state=State.EXPIRED)
        store.drop(ids)
        audit.record(code="exports.expire", actor=None, subject_type="export", n=len(ids))
    return len(ids)


def destroy_with(people: Sequence[UUID]) -> int:
    """Destroy the files in which any of these people stand, within the caller's transaction. Returns how many."""
    with_them = ExportContent.objects.filter(persons__overlap=list(people)).values("export_id")
    kept = Export.objects.filter(pk__in=with_them, state=State.READY).select_for_update()
    ids = list(kept.values_list("pk", flat=True))
    if ids:
        Export.objects.filter(pk__in=ids).update(state=State.EXPIRED)
        store.drop(ids)
    return len(ids)


def is_whole(kind: str) -> bool:
    """Whether files of this kind hold numbers in full. One of a room that is gone counts as if they did."""
    try:
        return sources.get(kind).whole
    except sources.UnknownSource:
        return True


# --- asking --------------------------------------------------------------------------------------------


def _second_person(export: Export, source: Source, scope: Scope, user: User) -> UUID:
    """Open the matter on which somebody else decides. On numbers in full the division decides as well as the
    institution's own people: a body may have a single signatory.
    """
    region = scope.region_code or ""
    if source.whole and scope.institution_id is not None:
        region = Institution.objects.values_list("region_id", flat=True).get(pk=scope.institution_id)
    case = review.open_case(
        kind=RELEASE_WHOLE if source.whole else RELEASE,
        subject_type="export",
        subject_id=export.pk,
        summary=_("导出%(label)s %(rows)s 行") % {"label": source.label, "rows": f"{export.rows:,}"},
        payload={"kind": export.kind, "rows": export.rows},
        maker=user,
        region_code=region,
        institution_id=scope.institution_id,
    )
    return case.pk


# --- making --------------------------------------------------------------------------------------------


def _asker(export: Export) -> Actor:
    """In the capacity in which it was asked for, as far as it is still held."""
    user = export.asker
    choose(user, export.membership_id)
    return actor_for(user)


def _told(export: Export, lines: Iterator[sources.Line], people: dict[UUID, None]) -> Iterator[Sequence[Any]]:
    """The cells, while noting whose they are and saying now and then how far it is."""
    for number, (person, cells) in enumerate(lines, start=1):
        people[person] = None
        if number % TELL_EVERY == 0:
            Export.objects.filter(pk=export.pk).update(done=number)
        yield cells


@transaction.atomic
def _finish(export: Export, source: Source, file: Any, rows: int, people: list[UUID]) -> None:
    now = timezone.now()
    current = Export.objects.select_for_update().get(pk=export.pk)
    if current.state != State.MAKING:
        return  # somebody else made it meanwhile
    digest, size = store.keep(export.pk, file)
    action = _record(
        export,
        "exports.make",
        export.asker,
        n=rows,
        after={
            "kind": export.kind,
            "filter": export.asked,
            "people": len(people),
            "sha256": digest,
            "whole": source.whole,
        },
    )
    ExportContent.objects.bulk_create(
        ExportContent(
            export=export,
            number=at // CONTENT_ROWS,
            action_id=action.pk,
            persons=people[at : at + CONTENT_ROWS],
        )
        for at in range(0, len(people), CONTENT_ROWS)
    )
    audit.manifest(
        action,
        ExportContent._meta.db_table,
        "export_content_v1",
        "SELECT c.id, r.canon FROM exports_exportcontent c JOIN canon_export_content_v1_rows() r ON r.id = c.id"
        " WHERE c.export_id = %s",
        [export.pk],
    )
    Export.objects.filter(pk=export.pk).update(
        state=State.READY,
        rows=rows,
        done=rows,
        file_bytes=size,
        file_sha256=digest,
        made_at=now,
        expires_at=now + timedelta(days=rules.days_kept(whole=source.whole)),
        most_downloads=rules.downloads(whole=source.whole),
    )


@transaction.atomic
def _fail(export: Export, because: str = "") -> None:
    """The asker may no longer have it, or what else came between."""
    if Export.objects.filter(pk=export.pk, state=State.MAKING).update(state=State.FAILED, refusal=because):
        _record(export, "exports.fail", None)


def _why_not(export: Export, now: Any) -> str:
    if export.state == State.READY and export.expires_at and export.expires_at > now:
        return _("这份文件已下载 %(n)s 次，达到次数上限。需要时请重新申请导出。") % {"n": export.downloads}
    if export.state in (State.READY, State.EXPIRED):
        return _("这份文件已到期销毁。需要时请重新申请导出。")
    return _("这份文件还不能下载：%(state)s。") % {"state": export.get_state_display()}


def _record(
    export: Export,
    code: str,
    actor: User | None,
    n: int | None = None,
    after: Mapping[str, Any] | None = None,
) -> Action:
    return audit.record(
        code=code,
        actor=actor,
        subject_type="export",
        subject_id=export.pk,
        n=export.rows if n is None else n,
        reason=export.reason,
        after=after,
    )
