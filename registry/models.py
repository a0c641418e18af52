"""Doorway: the models of every room of the registry app."""

from registry.accounts.models import FormerPassword, Holder, Membership, SmsMessage, User
from registry.apikeys.models import ApiKey, IdempotentCall
from registry.audit.models import (
    Action,
    Checkpoint,
    Detail,
    EndedCheckpoint,
    EndedLeaf,
    Leaf,
    LogState,
    Manifest,
    Pending,
)
from registry.door.models import Knock, Verification
from registry.exports.models import Export, ExportContent, ExportPart, ReadingLimit, ReadingReason
from registry.inspection.models import Check
from registry.institutions.models import Filing, Institution, InstitutionAlias
from registry.intake.models import Batch, FilePart, Issue, Progress, RejectedRow, WithheldRow
from registry.lib.models import Counter
from registry.occupations.models import Occupation, OccupationAlias, SkillLevel
from registry.people.models import BankAccount, Document, MatchCase, Merge, Person, Phone
from registry.regions.models import Region, RegionClosure
from registry.review.models import Case, Decision, Stage
from registry.rights.models import (
    Consent,
    ConsentText,
    Copy,
    Correction,
    Erasure,
    Hold,
    RetentionRule,
    Term,
)

__all__ = [
    "Action",
    "ApiKey",
    "BankAccount",
    "Batch",
    "Case",
    "Check",
    "Checkpoint",
    "Consent",
    "ConsentText",
    "Copy",
    "Correction",
    "Counter",
    "Decision",
    "Detail",
    "Document",
    "EndedCheckpoint",
    "EndedLeaf",
    "Erasure",
    "Export",
    "ExportContent",
    "ExportPart",
    "FilePart",
    "Filing",
    "FormerPassword",
    "Hold",
    "Holder",
    "IdempotentCall",
    "Institution",
    "InstitutionAlias",
    "Issue",
    "Knock",
    "Leaf",
    "LogState",
    "Manifest",
    "MatchCase",
    "Membership",
    "Merge",
    "Occupation",
    "OccupationAlias",
    "Pending",
    "Person",
    "Phone",
    "Progress",
    "ReadingLimit",
    "ReadingReason",
    "Region",
    "RegionClosure",
    "RejectedRow",
    "RetentionRule",
    "SkillLevel",
    "SmsMessage",
    "Stage",
    "Term",
    "User",
    "Verification",
    "WithheldRow",
]
