"""The verbs of correcting on screen: type over cells of a faulty row, take it back, have the batch checked again.

Every change is saved at once and judged later, by reading the file anew with all corrections over it. A batch's line is
locked by whoever corrects, decides or sends it to be checked, for a moment each; only a batch in review is taken, so
nobody waits for an import that may take minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from registry.accounts.models import User
from registry.audit import services as audit
from registry.identity.uuid7 import uuid7
from registry.intake import corrections
from registry.intake.cells import plain
from registry.intake.corrections import Looked, Texts
from registry.intake.models import Batch, Progress, RejectedRow
from registry.intake.services import NotAllowed

State = Batch.State


class Overtaken(Exception):
    """这一行刚由别人更正过。"""


class TooMany(Exception):
    """本批次在页面上更正的行数已达上限；请先入库无误的行，其余的下载错误明细更正后再上传。"""


class NothingChanged(Exception):
    """没有改动任何单元格，未保存。"""


def correct(looked: Looked, *, actor: User | None, seen: int, typed: Mapping[str, str]) -> None:
    """Keep what was typed over the cells of a row; columns that ``typed`` does not name stay as they were.

    ``seen`` is the version that whoever typed had before them. Raises NotAllowed, Overtaken, TooMany, NothingChanged.
    """
    unknown = typed.keys() - looked.came.keys()
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    wanted = {key: text for key, text in {**looked.typed, **typed}.items() if text != _came(looked, key)}
    if seen == looked.version and wanted == looked.typed:
        raise NothingChanged(looked.row)
    _write(looked, wanted, actor, seen)


def take_back(looked: Looked, *, actor: User | None, seen: int) -> None:
    """The row is again what the file says. Raises NotAllowed, Overtaken, NothingChanged."""
    if not looked.is_corrected:
        raise NothingChanged(looked.row)
    _write(looked, {}, actor, seen)


def recheck(batch_id: UUID, *, actor: User | None) -> Batch:
    """Send a batch to be read and checked anew with its corrections; asking twice is asking once. Raises NotAllowed."""
    with transaction.atomic():
        batch = _in_review(batch_id)
        if batch is None:
            return _already_checking(batch_id)
        batch.state = State.CHECKING
        batch.save(update_fields=["state"])
        # A new round has its own progress, which begins at nothing.
        Progress.objects.filter(batch=batch).update(
            stage="", done=0, total=None, started_at=Now(), updated_at=Now(), cancel_asked=False
        )
        audit.record(
            code="intake.recheck",
            actor=actor,
            subject_type="batch",
            subject_id=str(batch_id),
            n=corrections.counts(batch)["unchecked"],
        )
    return batch


def _already_checking(batch_id: UUID) -> Batch:
    batch = Batch.objects.get(pk=batch_id)
    if batch.state != State.CHECKING:
        raise NotAllowed(str(batch_id))
    return batch


def _in_review(batch_id: UUID) -> Batch | None:
    """The batch's line, held until the transaction ends; None, without waiting, when it is not in review."""
    return Batch.objects.select_for_update().filter(pk=batch_id, state=State.REVIEW).first()


def _came(looked: Looked, key: str) -> str:
    return plain(looked.came[key])


def _write(looked: Looked, wanted: Texts, actor: User | None, seen: int) -> None:
    changed = {key for key in {*wanted, *looked.typed} if wanted.get(key) != looked.typed.get(key)}
    with transaction.atomic():
        if _in_review(looked.batch_id) is None:
            raise NotAllowed(str(looked.batch_id))
        if seen != looked.version:
            raise Overtaken(looked.row)
        if wanted and not looked.typed:
            _has_room(looked.batch_id)
        if not (_change(looked, wanted, actor) if seen else _add(looked, wanted, actor)):
            raise Overtaken(looked.row)
        audit.record(
            code="intake.correct",
            actor=actor,
            subject_type="batch",
            subject_id=str(looked.batch_id),
            # Which cells, never what they hold: history stands for ever.
            after={"row": looked.row, "columns": sorted(changed)},
        )


def _has_room(batch_id: UUID) -> None:
    held = RejectedRow.objects.filter(batch_id=batch_id).exclude(corrected=None).count()
    if held >= settings.INTAKE_MAX_CORRECTIONS:
        raise TooMany(str(batch_id))


def _add(looked: Looked, wanted: Texts, actor: User | None) -> bool:
    if RejectedRow.objects.filter(batch_id=looked.batch_id, row=looked.row).exists():
        return False
    seal_id = uuid7()
    RejectedRow.objects.create(
        batch_id=looked.batch_id,
        row=looked.row,
        seal_id=seal_id,
        cells=corrections.sealed(looked.came, seal_id),
        corrected=corrections.sealed(wanted, seal_id),
        corrected_by=actor,
    )
    return True


def _change(looked: Looked, wanted: Texts, actor: User | None) -> bool:
    found = RejectedRow.objects.filter(batch_id=looked.batch_id, row=looked.row, version=looked.version)
    kept = found.first()
    if kept is None:
        return False
    return bool(
        found.update(
            corrected=corrections.sealed(wanted, kept.seal_id) if wanted else None,
            corrected_by=actor,
            corrected_at=Now(),
            version=F("version") + 1,
            checked=False,
        )
    )
