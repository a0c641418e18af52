"""The ledger (实名制台账): finished trainings as old county ledgers hold them."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from registry.accounts.models import User
from registry.accounts.scopes import scope_for
from registry.intake.kinds import Kind, Target
from registry.institutions.models import Institution
from registry.regions.models import Region, RegionLevel
from training.ledgers.checks import CHECKS
from training.ledgers.columns import LEDGER
from training.ledgers.commit import begin, commit, finish
from training.ledgers.resolve import resolve


class PlaceUnknown(LookupError):
    """找不到指定的机构或地区。"""


def target(options: Mapping[str, Any], actor: User | None) -> Target:
    """Options: ``institution`` (id, for sheets without that column), ``region`` (code; rows are counted there).

    A provider's ledger is its own; a county's is counted in the county; for wider offices each institution's own
    division decides. Raises PlaceUnknown.
    """
    scope = scope_for(actor) if actor is not None else None
    institution = options.get("institution") or (scope.institution_id if scope else None)
    region = options.get("region") or (scope.region_code if scope else None)
    if institution is not None and not Institution.objects.filter(pk=institution).exists():
        raise PlaceUnknown(str(institution))
    if region is not None:
        level = Region.objects.filter(pk=region).values_list("level", flat=True).first()
        if level is None:
            raise PlaceUnknown(str(region))
        if level < RegionLevel.COUNTY:
            region = None
    funding = options.get("funding") or "subsidised"
    return Target(
        key=f"institution={institution or ''};region={region or ''};funding={funding}",
        context={"institution": institution, "region": region, "funding": funding},
        institution_id=institution,
        region_code=region or (scope.region_code if scope else None),
    )


LEDGER_KIND = Kind(
    spec=LEDGER,
    target=target,
    resolve=resolve,
    checks=CHECKS,
    begin=begin,
    commit=commit,
    finish=finish,
    created=("persons", "classes", "enrolments", "certificates", "payments"),
)
