"""The ledger (实名制台账): finished trainings as old county ledgers hold them."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User
from registry.accounts.scopes import scope_for
from registry.institutions.models import Institution
from registry.institutions.queries import institutions
from registry.intake.kinds import Ask, Kind, Target
from registry.regions.models import Region, RegionLevel
from training.catalogue.codes import Funding
from training.ledgers.checks import CHECKS
from training.ledgers.columns import LEDGER
from training.ledgers.commit import begin, commit, finish
from training.ledgers.resolve import resolve

OFFERED = 500


class PlaceUnknown(LookupError):
    """找不到指定的机构或地区。"""


def target(options: Mapping[str, Any], actor: User | None) -> Target:
    """Options: ``institution`` (id, for sheets without that column), ``region`` (code; rows are counted there).

    A provider's ledger is its own; a county's is counted in the county; for wider offices each institution's own
    division decides. Raises PlaceUnknown.
    """
    scope = scope_for(actor) if actor is not None else None
    named = options.get("institution")
    institution = int(named) if named else scope.institution_id if scope else None
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


def _institutions(user: User) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in institutions(scope_for(user)).values_list("pk", "name")[:OFFERED]]


def _fundings(user: User) -> list[tuple[str, str]]:
    return list(Funding.choices)


ASKS = (
    Ask(key="institution", label=_("培训机构"), choices=_institutions, help=_("表内没有“培训机构”一列时选择。")),
    Ask(key="funding", label=_("经费来源"), choices=_fundings, help=_("不指定时按补贴性培训登记。")),
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
    asks=ASKS,
)
