"""Intake over the API: the same services, and the same answer as page and command line.

Handing in returns at once (202); the answer is read from the batch when its work is done. Asking twice is asking once:
a file that is under way for the same place leads to the batch that holds it.
"""

# Annotations are read at run time, through decorators: they must be types here, not text.
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404
from ninja import File, Form, Router, Schema, Status
from ninja.files import UploadedFile

from registry.accounts.policy import require, requires
from registry.apikeys.calls import once
from registry.intake import answer, kinds, queries, services, tasks
from registry.intake.models import Batch
from registry.lib.limiting import limited

router = Router(tags=["intake"])

#: Statuses that operations answer besides 200 and 202; each body is {"code", "message"}.
Problems = {403: dict[str, Any], 404: dict[str, Any], 422: dict[str, Any]}


class HandIn(Schema):
    """What a sheet is and where it goes. ``klass``: class number, or institution/number, for a roster;
    ``exam``: the same of a batch, for candidates and scores.
    """

    kind: str
    klass: str = ""
    exam: str = ""
    institution: int | None = None
    region: str = ""
    sheet: str = ""


class Decision(Schema):
    """After review: every row (refused while any is faulty), or the valid ones."""

    valid_rows_only: bool = False


@router.post("/batches", response={202: dict[str, Any], **Problems})
@requires("intake.upload")
@limited("intake.upload")
@once
def hand_in(request: Any, form: Form[HandIn], file: File[UploadedFile]) -> Status[dict[str, Any]]:
    """Take a file in and check it in the background."""
    options = {
        "class": form.klass or None,
        "exam": form.exam or None,
        "institution": form.institution,
        "region": form.region or None,
    }
    try:
        batch, is_new = services.receive(
            kind=form.kind,
            file=cast(BinaryIO, file),
            name=file.name or "",
            actor=request.user,
            options=options,
            sheet=form.sheet,
        )
    except LookupError as error:
        raise ValidationError(str(type(error).__doc__)) from error
    if is_new:
        tasks.enqueue_check(batch.pk)
    return Status(202, answer.of(batch))


@router.get("/batches/{uuid:batch_id}", response={200: dict[str, Any], **Problems})
@requires("intake.read")
def read(request: Any, batch_id: UUID) -> dict[str, Any]:
    """The contract's answer as it stands now, with ``state``."""
    return answer.of(_batch(request, batch_id))


@router.post("/batches/{uuid:batch_id}/commit", response={202: dict[str, Any], **Problems})
@requires("intake.commit")
@once
def commit(request: Any, batch_id: UUID, decision: Decision) -> Status[dict[str, Any]]:
    """Register the rows in the background."""
    batch = _batch(request, batch_id)
    try:
        batch = services.send_to_commit(
            batch.pk, actor=request.user, valid_rows_only=decision.valid_rows_only
        )
    except services.NotAllowed as error:
        raise ValidationError(str(error.__doc__)) from error
    tasks.enqueue_commit(batch.pk)
    return Status(202, answer.of(batch))


@router.post("/batches/{uuid:batch_id}/cancel", response={202: dict[str, Any], **Problems})
@requires("intake.commit")
@once
def cancel(request: Any, batch_id: UUID) -> Status[dict[str, Any]]:
    """Stop the batch; nothing of it stays half-done."""
    batch = _batch(request, batch_id)
    try:
        batch = services.cancel(batch.pk, actor=request.user)
    except services.NotAllowed as error:
        raise ValidationError(str(services.NotAllowed.__doc__)) from error
    return Status(202, answer.of(batch))


@router.get("/kinds", response={200: list[dict[str, Any]], **Problems})
@requires("intake.read")
def known(request: Any) -> list[dict[str, Any]]:
    """The kinds of sheet and their columns."""
    return [
        {
            "kind": kind.key,
            "label": kind.label,
            "columns": [
                {"key": column.key, "heading": column.heading, "required": kind.spec.is_required(column.key)}
                for column in kind.spec.offered
            ],
        }
        for kind in kinds.every()
    ]


def _batch(request: Any, batch_id: UUID) -> Batch:
    found = queries.batch(request.scope, batch_id)
    if found is None:
        raise Http404
    if request.method != "GET":
        require(request.user, kinds.get(found.kind).may)
    return found
