"""What can stand against opening or deciding a matter; every text is for the one who asked."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.timezone import localtime
from django.utils.translation import gettext as _t

from registry.review.models import Case, Decision, Outcome


class SamePerson(PermissionDenied):
    """The natural person already took part in this matter, perhaps with another account."""

    def __init__(self) -> None:
        super().__init__(_t("本事项由您本人提交或办理过，须由另一人办理。"))


class PersonUnknown(PermissionDenied):
    """Nobody knows whose account this is."""

    def __init__(self) -> None:
        super().__init__(_t("您的账号尚未登记本人证件，不能提交或办理审核事项。请联系系统管理员。"))


class NotYourTurn(PermissionDenied):
    """The step belongs to another role or place."""

    def __init__(self) -> None:
        super().__init__(_t("当前步骤不由您的角色或不在您的管理范围内办理。"))


class NotTheMaker(PermissionDenied):
    """Only who handed a matter in takes it back."""

    def __init__(self) -> None:
        super().__init__(_t("只有提交人可以撤回，且须在有人办理之前。"))


class Conflict(ValidationError):
    """The matter is no longer what the form showed; `case` is what it is now."""

    def __init__(self, message: str, case: Case) -> None:
        super().__init__(message)
        self.case = case


class AlreadyDecided(Conflict):
    """Somebody was faster; `who` and `when` are theirs."""

    def __init__(self, case: Case, decision: Decision) -> None:
        self.who: str = str(decision.actor)
        self.when: dt.datetime = decision.at
        self.outcome: str = str(Outcome(decision.outcome).label)
        message = _t("已由%(who)s于 %(when)s 处理（%(outcome)s）。") % {
            "who": self.who,
            "when": localtime(self.when).strftime("%Y-%m-%d %H:%M:%S"),
            "outcome": self.outcome,
        }
        super().__init__(message, case)


class StaleVersion(Conflict):
    """The form shows another step or version than the matter stands at."""

    def __init__(self, case: Case) -> None:
        super().__init__(_t("页面上的内容已过时，请按当前内容重新办理。"), case)


class AlreadyOpen(ValidationError):
    """This version is under review, or was approved."""

    def __init__(self) -> None:
        super().__init__(_t("该版本已在审核中或已通过。更正须另立新版本。"))


class ReasonMissing(ValidationError):
    """Returning and refusing are explained."""

    def __init__(self) -> None:
        super().__init__({"reason": _t("退回或不通过须写明理由。")})


class NoSubject(ValidationError):
    """What was to be reviewed is not there in this version."""

    def __init__(self) -> None:
        super().__init__(_t("要审核的内容不存在或版本不符。"))


#: what the database refuses by → the same refusal in words, for whoever came around the program's own questions
BY_RULE = {
    "review_same_person": SamePerson,
    "review_person_unknown": PersonUnknown,
    "review_account_closed": PersonUnknown,
    "review_withdraw": NotTheMaker,
    "review_decision_reason": ReasonMissing,
    "review_case_once": AlreadyOpen,
    "review_no_subject": NoSubject,
}
