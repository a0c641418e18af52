"""Making the file of a print job, page by page, telling how far it is; and one certificate by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from certificates.issuance import answers
from certificates.issuance.models import Certificate
from certificates.printing import cards, layouts, pdf, queries, seals, services, store
from certificates.printing.models import PrintCopy, PrintJob
from registry.identity import slices

TELL_EVERY = 100  # pages between two words on how far a file has come
State = PrintJob.State


def make(job_id: UUID) -> None:
    """Write the file of a job. Made once, however often asked; cut off, it is begun anew.

    Who was revoked since it was asked for is left out, and the sheet noted as not printed. Raises seals.SealRefused
    where the seal service does not answer; the task tries again.
    """
    waiting = PrintJob.objects.filter(pk=job_id, state__in=(State.QUEUED, State.MAKING))
    if not waiting.update(state=State.MAKING, done=0):
        return
    job = PrintJob.objects.select_related("layout", "asker").get(pk=job_id)
    wanted = list(
        PrintCopy.objects.filter(job=job, state=PrintCopy.State.PRINTED)
        .order_by("place")
        .values_list("certificate_id", "stock")
    )
    standing = {
        number
        for number, answer in answers.of_ids([each for each, _stock in wanted]).items()
        if answer == "valid"
    }
    printed: list[int] = []
    assert job.layout is not None  # held by a constraint: only what was printed outside has none
    with slices.nameless("print") as file:
        pages = _told(job, cards.cards(each for each in wanted if each[0] in standing), printed)
        try:
            pdf.write(file, pages, layouts.read(job.layout.data), pdf.Way(job.bilingual, job.preprinted))
        except ValueError:  # nothing that stands is left, or a photo that no page can hold
            services.fail(job_id)
            return
        skipped = sorted({each for each, _stock in wanted} - set(printed))
        seal = seals.configured()
        if seal is not None:
            _seal(file, seal)
        with transaction.atomic():
            digest, size = store.keep(job.pk, file)
            if not services.finish(
                job,
                digest=digest,
                size=size,
                pages=len(printed),
                skipped=skipped,
                signed=seal.name if seal else "",
            ):
                transaction.set_rollback(True)


def _seal(file: BinaryIO, seal: seals.Seal) -> None:
    """The file with one seal over all of it, in its place."""
    file.seek(0)
    made = seal.sealed(file.read())
    file.seek(0)
    file.truncate()
    file.write(made)


def _told(
    job: PrintJob, found: Iterator[tuple[int, pdf.Printed]], printed: list[int]
) -> Iterator[pdf.Printed]:
    for number, card in found:
        printed.append(number)
        if len(printed) % TELL_EVERY == 0:
            PrintJob.objects.filter(pk=job.pk).update(done=len(printed))
        yield card


def one(certificate: Certificate, *, bilingual: bool = False) -> bytes | None:
    """The file of one certificate: with the layout of its day of issue, and the installation's seal if it has one.

    None where there is no page of it. Raises seals.SealRefused.
    """
    card = cards.one(certificate.pk)
    row = queries.layout_for(certificate.family, certificate.issued_on or timezone.localdate())
    if card is None or row is None:
        return None
    made = pdf.render([card], layouts.read(row.data), pdf.Way(bilingual))
    seal = seals.configured()
    return seal.sealed(made) if seal is not None else made
