"""Doorway: the models of every room of the certificates app."""

from certificates.evaluations.models import (
    Assessor,
    Avoidance,
    Body,
    Candidate,
    ConditionPath,
    Duty,
    Exam,
    PassRule,
    Photo,
    Score,
    ScoreChange,
    Site,
)
from certificates.issuance.models import (
    Attestation,
    Certificate,
    Counter,
    NumberRule,
    Order,
    OrderLine,
    SigningKey,
    StatusList,
)

__all__ = [
    "Assessor",
    "Attestation",
    "Avoidance",
    "Body",
    "Candidate",
    "Certificate",
    "ConditionPath",
    "Counter",
    "Duty",
    "Exam",
    "NumberRule",
    "Order",
    "OrderLine",
    "PassRule",
    "Photo",
    "Score",
    "ScoreChange",
    "SigningKey",
    "Site",
    "StatusList",
]
