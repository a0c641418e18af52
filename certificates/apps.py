"""The certificates app: what was attested."""

from __future__ import annotations

from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "certificates"
    verbose_name = "证书"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make known what each room offers to those below: panels, sheets, matters for review, keepers, files."""
        _evaluations()
        _issuance()
        _printing()
        _handed_out()


def _evaluations() -> None:
    from certificates.evaluations import copies, export, held, keeping, panels, photos, queries, sheets
    from certificates.evaluations.changes import SCORE_CHANGE
    from certificates.issuance.queries import HELD
    from certificates.issuance.upload_report import numbers_of
    from registry.exports import sources
    from registry.intake import kinds
    from registry.people import panels as person
    from registry.people import reach
    from registry.review import procedures
    from registry.rights import contributors, keepers

    person.register(panels.EXAMS)
    reach.register("candidates", queries.examined_at)
    contributors.register(copies.EXAMS)
    keepers.register(keeping.EXAMS)
    kinds.register(sheets.CANDIDATE_KIND)
    kinds.register(sheets.SCORE_KIND)
    sources.register(export.RESULTS)
    procedures.register(SCORE_CHANGE)
    photos.register()
    # What evaluations ask of certificates, which they lie below.
    held.register(HELD)
    export.register_numbers(numbers_of)


def _issuance() -> None:
    from certificates.issuance import (
        copies,
        keeping,
        key_cases,
        measures,
        panels,
        receipts,
        replacing,
        sealing,
        signing_off,
        status_lists,
        status_tasks,
        upload_report,
    )
    from registry.exports import sources
    from registry.people import panels as person
    from registry.review import procedures
    from registry.rights import contributors, keepers

    person.register(panels.CERTIFICATES)
    contributors.register(copies.CERTIFICATES)
    keepers.register(keeping.CERTIFICATES)
    sources.register(upload_report.UPLOAD_REPORT)
    sources.register(upload_report.UPLOAD_REPORT_WHOLE)
    for procedure in (signing_off.ISSUE, signing_off.ISSUE_COMPLETION, key_cases.COMPROMISED):
        procedures.register(procedure)
    measures.register()
    replacing.register()
    sealing.register()
    receipts.name_all()
    status_lists.follow(status_tasks.soon)


def _printing() -> None:
    from certificates.issuance import hooks, resigning
    from certificates.printing import card, keeping, lacking, paper, returned, services, supply_cases
    from registry.config import panels as home
    from registry.intake import kinds
    from registry.review import procedures
    from registry.rights import keepers

    home.register(card.BODY)
    keepers.register(keeping.PRINTED)
    kinds.register(returned.BACKFILL_KIND)
    for procedure in (supply_cases.PAPER, supply_cases.DESTRUCTION):
        procedures.register(procedure)
    hooks.register("printing", lacking.check, lacking.REFUSALS)
    hooks.register_facts(paper.facts)
    resigning.follow(services.destroy_of)


def _handed_out() -> None:
    """Credentials and checks."""
    from certificates.credentials import keeping
    from certificates.verification import copies
    from registry.rights import contributors, keepers

    keepers.register(keeping.CREDENTIALS)
    keeping.register()
    contributors.register(copies.SHARES)
    contributors.register(copies.CHECKS)
