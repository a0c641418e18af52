"""Review over the API: the same queue and the same verbs; somebody faster is answered by 409 with the fresh case."""

# Annotations are read at run time, through decorators: they must be types here, not text.
from typing import Any, Literal
from uuid import UUID

from django.http import Http404
from ninja import Router, Schema

from registry.accounts.policy import require, requires
from registry.apikeys.calls import once
from registry.review import queries, services
from registry.review.wording import as_told

router = Router(tags=["review"])

#: Each body is {"code", "message"}; that of 409 has the "case" as it is now.
Problems = {403: dict[str, Any], 404: dict[str, Any], 409: dict[str, Any], 422: dict[str, Any]}
MOST = 200


class Say(Schema):
    """One person's say on the ``version`` of the case that they saw."""

    step: str
    outcome: Literal["approve", "return", "refuse"]
    version: int
    reason: str = ""


@router.get("/queue", response={200: list[dict[str, Any]], **Problems})
@requires("review.read")
def queue(request: Any) -> list[dict[str, Any]]:
    """What waits for the caller, oldest first; at most 200."""
    return [as_told(case) for case in queries.waiting(request.actor)[:MOST]]


@router.post("/cases/{uuid:case_id}/decide", response={200: dict[str, Any], **Problems})
@requires("review.decide")
@once
def decide(request: Any, case_id: UUID, say: Say) -> dict[str, Any]:
    """Decide on the step at which the case stands. The same once more changes nothing."""
    case = queries.visible(request.actor).filter(pk=case_id).first()
    if case is None:
        raise Http404
    if case.is_open and say.version == case.row_version:
        require(request.actor, case.action)
    made = services.decide(
        case_id=case_id,
        step=say.step,
        outcome=say.outcome,
        actor=request.user,
        version=say.version,
        reason=say.reason,
    )
    return as_told(made)
