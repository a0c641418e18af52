"""The verbs on certificates that stand, by the set: suspend, restore, revoke, put another in the place, confirm.

A state moves by one statement that looks at the state it leaves, behind locks taken in order of id; what could not
move is named with one reason each. Whoever moves states tells the status lists in the same transaction. Revoking takes
the whole chain along: what replaced a certificate attests the same, and so did what it replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certificates.issuance import reasons, recoveries, status_lists
from certificates.issuance.act_models import ActKind
from certificates.issuance.models import Certificate
from registry.accounts.models import User
from registry.audit import services as audit
from registry.audit.models import Action
from registry.audit.numbers import veiled

TABLE: Final = "issuance_certificate"
_State = Certificate.State

#: What a kind of act leads to, and from where.
LEADS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    ActKind.SUSPEND: (_State.SUSPENDED, (_State.VALID,)),
    ActKind.RESTORE: (_State.VALID, (_State.SUSPENDED,)),
    ActKind.REVOKE: (_State.REVOKED, (_State.VALID, _State.SUSPENDED, _State.SUPERSEDED)),
    ActKind.SUPERSEDE: (_State.SUPERSEDED, (_State.VALID, _State.SUSPENDED)),
}

#: Why something was not done to one certificate: one code each.
PROBLEMS: Final[Mapping[str, str | Promise]] = {
    "not_found": _("未查询到该编号，或不在您的管理范围"),
    "repeated": _("本单内重复"),
    "other_name": _("姓名与证书登记的不一致"),
    "no_reason": _("没有写明原因，或原因不在目录内"),
    "already": _("已是该状态，不必再办"),
    "is_revoked": _("已撤销，不能再变更状态"),
    "is_superseded": _("已换发，请对换发后的证书办理"),
    "is_suspended": _("已暂停"),
    "is_valid": _("没有暂停，不必恢复"),
    "not_reported": _("不是台账所报的证书，不必确认"),
    "confirmed": _("已经确认"),
    "own_upload": _("由您本人上传，须由另一人确认"),
}


class Asked(NamedTuple):
    """One certificate and why."""

    certificate_id: int
    reason: str
    note: str = ""


@dataclass(slots=True)
class Done:
    """What was moved, the rest of their chains included, and why the others were not: certificate id → code."""

    moved: list[int] = field(default_factory=list)
    problems: dict[int, str] = field(default_factory=dict)


def move(
    kind: str,
    asked: Sequence[Asked],
    *,
    actor: User | None,
    asked_by: User | None = None,
    measure_id: UUID | None = None,
    day: date | None = None,
) -> Done:
    """Do one kind of act to certificates, in one transaction with its record.

    `actor` is who brought it about, with `asked_by` as the other person where it takes two. Who may is asked before.
    """
    became, leaves = LEADS[kind]
    on = day or timezone.localdate()
    with transaction.atomic():
        whole = _with_chains(asked) if kind == ActKind.REVOKE else {one.certificate_id: one for one in asked}
        states = _held(whole)
        done = Done(
            problems={pk: _why_not(kind, state) for pk, state in states.items() if state not in leaves}
        )
        done.problems |= {
            one.certificate_id: "not_found" for one in asked if one.certificate_id not in states
        }
        going = [one for pk, one in whole.items() if states.get(pk) in leaves]
        if not going:
            return done
        action = _recorded(kind, going, actor=actor, measure_id=measure_id)
        first = asked_by or actor
        people = {
            "asked_by": first.pk if first is not None else None,
            "agreed_by": actor.pk if actor is not None and asked_by is not None else None,
        }
        done.moved = _moved(
            kind, going, {"became": became, "from": list(leaves), "day": on, "measure": measure_id, **people}
        )
        _commit(action, done.moved)
        if kind == ActKind.REVOKE:
            recoveries.propose(_recovering(going, on), action=action)
    return done


def supersede(
    old_id: int,
    new_id: int,
    *,
    reason: str,
    actor: User | None,
    asked_by: User | None = None,
    note: str = "",
) -> bool:
    """Put one certificate in another's place, where it has just come into being. False if the old one holds no more.

    Called within the transaction that made the new one, whose `replaces` names the old one.
    """
    became, leaves = LEADS[ActKind.SUPERSEDE]
    with transaction.atomic():
        if _held([old_id]).get(old_id) not in leaves:
            return False
        one = Asked(old_id, reason, note)
        action = _recorded(ActKind.SUPERSEDE, [one], actor=actor, measure_id=None, other=new_id)
        Certificate.objects.filter(pk=old_id).update(superseded_by=new_id)
        params = {
            "became": became,
            "from": list(leaves),
            "day": timezone.localdate(),
            "measure": None,
            "asked_by": (asked_by.pk if asked_by else actor.pk) if actor else None,
            "agreed_by": actor.pk if actor and asked_by else None,
        }
        _moved(ActKind.SUPERSEDE, [one], params)
        _commit(action, [old_id])
    return True


def confirm(ids: Sequence[int], *, actor: User, note: str = "") -> Done:
    """Reported certificates that were checked and found right: from now on they answer as valid ones do."""
    today = timezone.localdate()
    with transaction.atomic():
        found = Certificate.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
        held = {row.pk: row for row in found}
        done = Done()
        for pk in ids:
            row = held.get(pk)
            if row is None:
                done.problems[pk] = "not_found"
            elif row.basis != Certificate.Basis.REPORTED:
                done.problems[pk] = "not_reported"
            elif row.confirmed_on is not None:
                done.problems[pk] = "confirmed"
            elif row.state != _State.VALID:
                done.problems[pk] = f"is_{row.state}"
            else:
                done.moved.append(pk)
        if done.moved:
            going = [Asked(pk, "", note) for pk in done.moved]
            action = _recorded(ActKind.CONFIRM, going, actor=actor, measure_id=None)
            Certificate.objects.filter(pk__in=done.moved).update(confirmed_on=today)
            params = {"became": _State.VALID, "from": [_State.VALID], "day": today, "measure": None}
            _noted(ActKind.CONFIRM, going, {**params, "asked_by": actor.pk, "agreed_by": None})
            _commit(action, done.moved)
    return done


def _held(ids: Iterable[int]) -> dict[int, str]:
    """Certificate id → state, locked in order of id until the transaction ends."""
    found = Certificate.objects.select_for_update(of=("self",)).filter(pk__in=list(ids)).order_by("pk")
    return dict(found.values_list("pk", "state"))


def _why_not(kind: str, state: str) -> str:
    if state == LEADS[kind][0] and kind != ActKind.RESTORE:
        return "already"
    return f"is_{state}"


_CHAINS = """
WITH RECURSIVE chain (asked, id) AS (
    SELECT a.id, a.id FROM unnest(%s::bigint[]) a(id)
    UNION
    SELECT chain.asked, n.id
    FROM chain JOIN issuance_certificate c ON c.id = chain.id
    CROSS JOIN LATERAL (VALUES (c.replaces_id), (c.superseded_by_id)) n(id)
    WHERE n.id IS NOT NULL
)
SELECT id, min(asked) FROM chain GROUP BY id
"""


def _with_chains(asked: Sequence[Asked]) -> dict[int, Asked]:
    """What was asked for, and under the same reason whatever replaced it or was replaced by it and still could hold."""
    given = {one.certificate_id: one for one in asked}
    with connection.cursor() as cursor:
        cursor.execute(_CHAINS, [list(given)])
        linked = dict(cursor.fetchall())
    return given | {
        pk: given[root]._replace(certificate_id=pk) for pk, root in linked.items() if pk not in given
    }


_MOVE = """
WITH asked AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(reasons)s::text[], %(notes)s::text[]) a(id, reason, note)
), moved AS (
    UPDATE issuance_certificate c SET state = %(became)s, state_on = %(day)s
    FROM asked JOIN issuance_certificate b ON b.id = asked.id
    WHERE c.id = asked.id AND c.state = ANY (%(from)s)
    RETURNING c.id, b.state AS was, c.superseded_by_id
)
INSERT INTO issuance_act (certificate_id, kind, reason, note, "on", was, became, other_id, measure_id,
                          asked_by_id, agreed_by_id)
SELECT moved.id, %(kind)s, asked.reason, asked.note, %(day)s, moved.was, %(became)s, moved.superseded_by_id,
       %(measure)s, %(asked_by)s, %(agreed_by)s
FROM moved JOIN asked USING (id) ORDER BY moved.id
RETURNING certificate_id
"""

_NOTE = """
INSERT INTO issuance_act (certificate_id, kind, reason, note, "on", was, became, measure_id, asked_by_id, agreed_by_id)
SELECT a.id, %(kind)s, a.reason, a.note, %(day)s, %(became)s, %(became)s, %(measure)s, %(asked_by)s, %(agreed_by)s
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[], %(notes)s::text[]) a(id, reason, note) ORDER BY a.id
RETURNING certificate_id
"""


def _moved(kind: str, going: Sequence[Asked], params: Mapping[str, Any]) -> list[int]:
    return _run(_MOVE, kind, going, params)


def _noted(kind: str, going: Sequence[Asked], params: Mapping[str, Any]) -> list[int]:
    return _run(_NOTE, kind, going, params)


def _run(sql: str, kind: str, going: Sequence[Asked], params: Mapping[str, Any]) -> list[int]:
    given = {
        "kind": kind,
        "ids": [one.certificate_id for one in going],
        "reasons": [one.reason for one in going],
        "notes": [veiled(one.note) for one in going],
        **params,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return [pk for (pk,) in cursor.fetchall()]


def _recorded(
    kind: str,
    going: Sequence[Asked],
    *,
    actor: User | None,
    measure_id: UUID | None,
    other: int | None = None,
) -> Action:
    """One action; of a single certificate it is also one about its holder, who may ask what was done."""
    codes: dict[str, int] = {}
    for one in going:
        codes[one.reason] = codes.get(one.reason, 0) + 1
    alone = going[0] if len(going) == 1 else None
    after: dict[str, Any] = {"reasons": codes}
    if measure_id is not None:
        after["measure"] = str(measure_id)
    if other is not None:
        after["other"] = other
    return audit.record(
        code=f"certificate.{kind}",
        actor=actor,
        subject_type="certificate" if alone else "measure",
        subject_id=alone.certificate_id if alone else measure_id or "",
        n=len(going),
        reason=alone.note if alone else "",
        after=after,
        person_id=_holder(alone.certificate_id) if alone else None,
    )


def _holder(certificate_id: int) -> UUID:
    return Certificate.objects.values_list("person_id", flat=True).get(pk=certificate_id)


def _commit(action: Action, ids: Sequence[int]) -> None:
    audit.manifest_rows(action, TABLE, Certificate.CANON, list(ids))
    status_lists.touched(ids)


def _recovering(going: Sequence[Asked], on: date) -> list[int]:
    """Those whose reason says that money is to be looked into."""
    known = reasons.of(ActKind.REVOKE, on)
    return [one.certificate_id for one in going if one.reason in known and known[one.reason].recovers]
