"""Doorway: the models of every room of the registry app."""

from registry.accounts.models import Holder, Membership, User
from registry.audit.models import Action, Detail, Manifest
from registry.exports.models import ReadingLimit, ReadingReason
from registry.institutions.models import Filing, Institution, InstitutionAlias
from registry.intake.models import Batch, FilePart, Issue, Progress, RejectedRow
from registry.lib.models import Counter
from registry.occupations.models import Occupation, OccupationAlias, SkillLevel
from registry.people.models import BankAccount, Document, MatchCase, Merge, Person, Phone
from registry.regions.models import Region, RegionClosure

__all__ = [
    "Action",
    "BankAccount",
    "Batch",
    "Counter",
    "Detail",
    "Document",
    "FilePart",
    "Filing",
    "Holder",
    "Institution",
    "InstitutionAlias",
    "Issue",
    "Manifest",
    "MatchCase",
    "Membership",
    "Merge",
    "Occupation",
    "OccupationAlias",
    "Person",
    "Phone",
    "Progress",
    "ReadingLimit",
    "ReadingReason",
    "Region",
    "RegionClosure",
    "RejectedRow",
    "SkillLevel",
    "User",
]
