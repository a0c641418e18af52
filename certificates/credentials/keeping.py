"""What goes with an erased holder: their credentials and transcripts, files and fingerprints alike."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from certificates.credentials.models import Credential, Transcript
from registry.audit.models import Action
from registry.rights.keepers import Keeper


def forget(action: Action, people: Sequence[UUID]) -> int:
    """Destroy what these people had made; a transcript's code is then not found. Returns how many."""
    mine = {"person_id__in": list(people)}
    return Credential.objects.filter(**mine).delete()[0] + Transcript.objects.filter(**mine).delete()[0]


CREDENTIALS = Keeper(
    "credentials",
    "certificate",
    # No period counts from here: that somebody took a file away keeps nobody's record.
    events="SELECT person_id, NULL::date FROM credentials_transcript WHERE person_id = ANY(%(people)s)",
    forget=forget,
)
