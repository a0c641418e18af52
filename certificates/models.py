"""Doorway: the models of every room of the certificates app."""

from certificates.credentials.models import Change, Credential, Transcript
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
from certificates.issuance.act_models import Act, Measure, MeasureRow, Reason, Recovery
from certificates.issuance.key_models import Resignature, Resigning
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
from certificates.issuance.term_models import Validity
from certificates.printing.models import PageLayout, PrintCopy, PrintJob, PrintPart
from certificates.printing.paper_models import Destruction, PaperRequest, Sheet, Stocktaking
from certificates.verification.models import Lookup, Share

__all__ = [
    "Act",
    "Assessor",
    "Attestation",
    "Avoidance",
    "Body",
    "Candidate",
    "Certificate",
    "Change",
    "ConditionPath",
    "Counter",
    "Credential",
    "Destruction",
    "Duty",
    "Exam",
    "Lookup",
    "Measure",
    "MeasureRow",
    "NumberRule",
    "Order",
    "OrderLine",
    "PageLayout",
    "PaperRequest",
    "PassRule",
    "Photo",
    "PrintCopy",
    "PrintJob",
    "PrintPart",
    "Reason",
    "Recovery",
    "Resignature",
    "Resigning",
    "Score",
    "ScoreChange",
    "Share",
    "Sheet",
    "SigningKey",
    "Site",
    "StatusList",
    "Stocktaking",
    "Transcript",
    "Validity",
]
