"""What the board puts on the first screen: done against target and time, for the reader's own place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from registry.accounts.policy import can
from registry.config.panels import Card
from registry.lib.scope import Actor
from training.targets import board, places, queries, wording
from training.targets.selection import Selection


def _headline(actor: Actor) -> Mapping[str, Any] | None:
    if not can(actor, "stats.read"):
        return None
    found = places.plans(actor.scope)
    if not found:
        return None
    today = timezone.localdate()
    try:
        chosen = Selection.read(actor.scope, found[0], {}, today)
    except places.OutsideScope:
        return None
    figures = queries.figures(actor.scope, chosen.plan, chosen.place, chosen.period, chosen.indicator)
    return {
        "figures": figures,
        "progress": board.against(chosen, figures["n"], today),
        "indicator": chosen.indicator,
        "place": wording.place_name(chosen.place),
        "period": chosen.period,
        "href": reverse("targets:plan", args=[chosen.plan.code]),
    }


HEADLINE = Card("targets", "training/targets/_card.html", _headline, order=10)
