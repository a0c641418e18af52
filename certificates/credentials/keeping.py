"""What goes with an erased holder: credentials and transcripts with their fingerprints; and where files lie sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from certificates.credentials import transcripts
from certificates.credentials.models import Credential, Transcript
from registry.audit.models import Action
from registry.identity.keyring import CERTIFICATE
from registry.people import rotation
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

_FILES_AT_ONCE: Final = 200  # a transaction of sealing anew holds as many in memory


def _bound_paper(row: Any, beside: Any) -> UUID:
    return transcripts.paper_row(row)


def register() -> None:
    """Tell the rotation of keys where sealed files lie."""
    content = rotation.Sealed("credentials_credential", column="content", most=_FILES_AT_ONCE)
    transcript = content._replace(table="credentials_transcript")
    paper = transcript._replace(column="paper", bound=_bound_paper)
    rotation.register(CERTIFICATE, _("证书底档与电子凭证"), content, transcript, paper)
