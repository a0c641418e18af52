"""Following certificates over the API."""

# Annotations are read at run time, through decorators: they must be types here, not text.
from datetime import datetime
from typing import Any

from django.utils import timezone
from ninja import Query, Router, Schema

from certificates.credentials import changes
from registry.accounts.policy import requires, scope_of

router = Router(tags=["certificates"])


class Stands(Schema):
    """A certificate as it stands now. `level_rank` 1 (学徒工) to 8 (首席技师), 0 for none; `since` of its state."""

    number: str
    family: str
    name: str
    occupation: str
    level: str
    level_rank: int
    issued_on: str | None
    expires_on: str | None
    basis: str
    answer: str
    unconfirmed: bool
    words: str
    since: str | None
    superseded_by: str | None


class Changed(Schema):
    """One change: its place in the order, when it was made, and what the certificate is now."""

    position: int
    at: datetime
    certificate: Stands


class Changes(Schema):
    """Ask again with `after` = `cursor`; at once while `more` is true."""

    changes: list[Changed]
    cursor: int
    more: bool


@router.get("/changes", response={200: Changes, 403: dict[str, Any], 422: dict[str, Any]})
@requires("certificate.read")
def certificate_changes(
    request: Any,
    after: int = Query(0, ge=0, le=2**62),  # type: ignore[type-arg]
    limit: int = Query(changes.MOST, ge=1, le=changes.MOST),  # type: ignore[type-arg]
) -> dict[str, Any]:
    """Certificates within one's reach that came into being or changed since, in an order that misses nothing."""
    changes.number_waiting()
    page = changes.since(scope_of(request.actor, "certificate.read"), after, timezone.localdate(), limit)
    return {"changes": page.rows, "cursor": page.cursor, "more": page.more}
