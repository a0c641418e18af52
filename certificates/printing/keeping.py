"""What goes with an erased person: the files of certificates in which they stand. Issuing says when."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from certificates.printing import services
from registry.audit.models import Action
from registry.rights.keepers import Keeper


def forget(action: Action, people: Sequence[UUID]) -> int:
    """Destroy those files; returns how many."""
    return services.destroy_with(people)


PRINTED = Keeper(
    "print_files",
    "certificate",
    events="SELECT NULL::uuid, NULL::date WHERE false AND ARRAY[]::uuid[] = %(people)s",
    forget=forget,
)
