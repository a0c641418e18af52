"""The ledger (实名制台账): finished trainings as old county ledgers hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from registry.accounts.models import User
from registry.accounts.scopes import scope_for
from registry.institutions.queries import institutions
from registry.intake.kinds import Ask, Kind, Target
from registry.lib.scope import Scope
from registry.regions.models import Region, RegionClosure, RegionLevel
from registry.regions.queries import ancestor_at
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
    division decides. ``actor`` None is the program itself, who may do it anywhere. Raises PlaceUnknown.
    """
    scope = scope_for(actor) if actor is not None else Scope.all()
    institution = _institution(scope, options.get("institution"))
    office = _county(scope.region_code) if scope.region_code else None
    region = options.get("region") or office
    if region is not None:
        region = _county(str(region))
        if office not in (None, *_and_above(region)) or _is_elsewhere(scope, region):
            raise PlaceUnknown(region)
        if Region.objects.get(pk=region).level < RegionLevel.COUNTY:
            region = None
    funding = options.get("funding") or Funding.SUBSIDISED.value
    return Target(
        key=f"institution={institution or ''};region={region or office or ''};funding={funding}",
        context={
            "institution": institution,
            "region": region,
            "funding": funding,
            "own": scope.institution_id,
            "office": office,
        },
        institution_id=institution,
        region_code=region or office,
    )


def _institution(scope: Scope, named: Any) -> int | None:
    """The one named, where the reader may act for it; a provider's own when none is named."""
    if not (scope.sees_everything or scope.region_code or scope.institution_id):
        raise PlaceUnknown("-")
    if not named:
        return scope.institution_id
    found = institutions(scope).filter(pk=int(named)).values_list("pk", flat=True).first()
    if found is None:
        raise PlaceUnknown(str(named))
    return found


def _county(region: str) -> str:
    """The county of a township, for nothing is counted below; what lies higher stays."""
    found = ancestor_at([region], RegionLevel.COUNTY).get(region)
    if found is None:
        raise PlaceUnknown(region)
    return found


def _is_elsewhere(scope: Scope, region: str) -> bool:
    """A provider's rows are counted in its own county and in no other one's figures."""
    if scope.institution_id is None:
        return False
    home = institutions(scope).values_list("region_id", flat=True).first()
    return home is None or _county(home) != region


def _and_above(region: str) -> list[str]:
    return list(RegionClosure.objects.filter(descendant_id=region).values_list("ancestor_id", flat=True))


def _institutions(user: User) -> list[tuple[str, str]]:
    return [(str(pk), name) for pk, name in institutions(scope_for(user)).values_list("pk", "name")[:OFFERED]]


def _fundings(user: User) -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in Funding.choices]


ASKS = (
    Ask(
        key="institution",
        label=_("培训机构"),
        choices=_institutions,
        help=_("表内没有“培训机构”一列时选择。"),
    ),
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
