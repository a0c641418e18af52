"""The certificates app: what was attested."""

from __future__ import annotations

from django.apps import AppConfig


class CertificatesConfig(AppConfig):
    name = "certificates"
    verbose_name = "证书"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make known what this app puts on a person's page."""
        from certificates.credentials import keeping as kept_files
        from certificates.evaluations import copies as examined
        from certificates.evaluations import held, photos
        from certificates.evaluations import keeping as kept_exams
        from certificates.evaluations.changes import SCORE_CHANGE
        from certificates.evaluations.export import RESULTS, register_numbers
        from certificates.evaluations.panels import EXAMS
        from certificates.evaluations.sheets import CANDIDATE_KIND, SCORE_KIND
        from certificates.issuance import (
            copies,
            keeping,
            measures,
            receipts,
            replacing,
            resigning,
            sealing,
            status_lists,
            status_tasks,
        )
        from certificates.issuance.hooks import register as check
        from certificates.issuance.hooks import register_facts
        from certificates.issuance.key_cases import COMPROMISED
        from certificates.issuance.panels import CERTIFICATES
        from certificates.issuance.queries import HELD
        from certificates.issuance.signing_off import ISSUE, ISSUE_COMPLETION
        from certificates.issuance.upload_report import UPLOAD_REPORT, UPLOAD_REPORT_WHOLE, numbers_of
        from certificates.printing import keeping as printed
        from certificates.printing import lacking, paper
        from certificates.printing import services as printing
        from certificates.printing.card import BODY
        from certificates.printing.returned import BACKFILL_KIND
        from certificates.printing.supply_cases import DESTRUCTION, PAPER
        from certificates.verification import copies as checked
        from registry.config import panels as home
        from registry.exports import sources
        from registry.intake import kinds
        from registry.people import panels
        from registry.review.procedures import register as review
        from registry.rights import contributors, keepers

        home.register(BODY)
        panels.register(CERTIFICATES)
        panels.register(EXAMS)
        contributors.register(copies.CERTIFICATES)
        contributors.register(examined.EXAMS)
        contributors.register(checked.SHARES)
        contributors.register(checked.CHECKS)
        receipts.name_all()
        keepers.register(printed.PRINTED)
        check("printing", lacking.check, lacking.REFUSALS)
        register_facts(paper.facts)
        keepers.register(keeping.CERTIFICATES)
        keepers.register(kept_files.CREDENTIALS)
        keepers.register(kept_exams.EXAMS)
        review(SCORE_CHANGE)
        held.register(HELD)
        kinds.register(CANDIDATE_KIND)
        kinds.register(SCORE_KIND)
        kinds.register(BACKFILL_KIND)
        sources.register(RESULTS)
        sources.register(UPLOAD_REPORT)
        sources.register(UPLOAD_REPORT_WHOLE)
        register_numbers(numbers_of)
        measures.register()
        review(ISSUE)
        review(ISSUE_COMPLETION)
        review(PAPER)
        review(DESTRUCTION)
        review(COMPROMISED)
        status_lists.follow(status_tasks.soon)
        replacing.register()
        resigning.follow(printing.destroy_of)
        for sealed in (photos, sealing, kept_files):
            sealed.register()
