"""Money that was paid on certificates which are revoked: found in the rooms that paid it, then taken up or dropped.

This room does not know what was paid for what. A room above registers a `Finder`; revoking asks all of them in its own
transaction, so that no revoked certificate lacks its proposals. Whoever recovers money takes a proposal up by `settle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.functional import Promise

from certificates.issuance.act_models import Recovery
from registry.accounts.models import User
from registry.accounts.scopes import within
from registry.audit import services as audit
from registry.audit.models import Action
from registry.audit.numbers import veiled
from registry.lib.scope import Scope


@dataclass(frozen=True, slots=True)
class Finder:
    """Payments of one room. `sql` sees `%(certificates)s`, an array of ids, and yields for each payment that was made
    on one of them (certificate_id, source_id, amount_fen, region_code), each pair once.
    """

    name: str
    label: str | Promise
    sql: str


_finders: dict[str, Finder] = {}

_PROPOSE = """
INSERT INTO issuance_recovery (certificate_id, act_id, source, source_id, amount_fen, region_code, state, note)
SELECT f.certificate_id, a.id, %(source)s, f.source_id, f.amount_fen, f.region_code, 'proposed', ''
FROM ({sql}) f (certificate_id, source_id, amount_fen, region_code)
JOIN LATERAL (SELECT id FROM issuance_act WHERE certificate_id = f.certificate_id ORDER BY id DESC LIMIT 1) a ON true
-- One payment is proposed once, however many certificates of a chain point to it.
WHERE NOT EXISTS (SELECT FROM issuance_recovery r WHERE r.source = %(source)s AND r.source_id = f.source_id)
ORDER BY f.certificate_id, f.source_id
ON CONFLICT DO NOTHING
RETURNING id
"""


def register(finder: Finder) -> None:
    """Called once per finder from `AppConfig.ready`; the same name again replaces it."""
    _finders[finder.name] = finder


def labels() -> dict[str, str]:
    """Source → what it is called."""
    return {one.name: str(one.label) for one in _finders.values()}


def propose(certificate_ids: Sequence[int], *, action: Action) -> int:
    """Propose whatever was paid on these certificates, which were revoked just now. Returns how many payments."""
    made = 0
    if not certificate_ids:
        return made
    with connection.cursor() as cursor:
        for finder in _finders.values():
            cursor.execute(
                _PROPOSE.replace("{sql}", finder.sql),
                {"certificates": list(certificate_ids), "source": finder.name},
            )
            made += len(cursor.fetchall())
    return made


def recoveries(scope: Scope) -> QuerySet[Recovery]:
    """Proposals in view, newest first by `-id`: they are the division's that paid."""
    return Recovery.objects.filter(within(scope, region_field="region_code")).select_related(
        "certificate", "settled_by"
    )


def settle(ids: Sequence[int], *, state: str, actor: User, scope: Scope, note: str = "") -> int:
    """Take proposals up, or drop them with a note; those settled already stay as they are. Returns how many."""
    state = Recovery.State(state)
    if state == Recovery.State.PROPOSED:
        raise ValueError("a proposal is taken up or dropped")
    with transaction.atomic():
        open_ones = recoveries(scope).filter(pk__in=ids, state=Recovery.State.PROPOSED)
        going = list(open_ones.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        if going:
            audit.record(
                code=f"certificate.recovery_{state}",
                actor=actor,
                subject_type="recovery",
                subject_id=going[0] if len(going) == 1 else "",
                n=len(going),
                reason=note,
            )
            Recovery.objects.filter(pk__in=going).update(
                state=state, note=veiled(note), settled_at=Now(), settled_by=actor
            )
    return len(going)
