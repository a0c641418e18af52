"""The training app: what was taught, who pays, how far we got."""

from __future__ import annotations

from django.apps import AppConfig


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "培训"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Make known the kinds of sheet that end in this app, and what it puts on a person's page."""
        from importlib.util import find_spec

        if find_spec("training.ledgers.columns") is None or find_spec("training.rosters.columns") is None:
            return
        from certificates.issuance import hooks, recoveries
        from registry.config import panels as home
        from registry.exports import sources
        from registry.intake import kinds
        from registry.people import panels
        from registry.rights import contributors, keepers
        from training.claims import copies as money
        from training.claims import keeping as kept_money
        from training.claims.panels import MONEY
        from training.claims.recovering import PAYMENTS
        from training.enrolments import copies as trainings
        from training.enrolments import keeping as kept_trainings
        from training.enrolments import receipts
        from training.enrolments.completion import REFUSALS
        from training.enrolments.export import ENROLMENTS
        from training.enrolments.panels import TRAININGS
        from training.ledgers.sheets import LEDGER_KIND
        from training.rosters.sheets import ROSTER_KIND
        from training.targets.card import HEADLINE

        kinds.register(ROSTER_KIND)
        kinds.register(LEDGER_KIND)
        home.register(HEADLINE)
        sources.register(ENROLMENTS)
        panels.register(TRAININGS)
        panels.register(MONEY)
        contributors.register(trainings.TRAININGS)
        contributors.register(money.MONEY)
        receipts.name_all()
        keepers.register(kept_trainings.TRAININGS)
        keepers.register(kept_money.MONEY)
        recoveries.register(PAYMENTS)
        hooks.name(REFUSALS)
