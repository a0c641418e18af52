"""Who trains does not examine (培评分离): a school's roles have to do with completion certificates alone.

The matrix says what a role may do; this narrows it to the families that it may do it to, also where one institution
both trains and assesses.
"""

from __future__ import annotations

from typing import Final

from certificates.issuance.models import Certificate
from registry.accounts.models import Role
from registry.lib.scope import Actor

_TRAINERS: Final = frozenset({Role.PC, Role.PP})


def of(actor: Actor) -> dict[str, str]:
    """A filter on `family` for what this role prepares, prints and replaces; empty for no limit."""
    return {"family": Certificate.Family.COMPLETION.value} if actor.role in _TRAINERS else {}


def allows(actor: Actor, family: str) -> bool:
    """Whether this role has to do with the family."""
    return family == of(actor).get("family", family)
