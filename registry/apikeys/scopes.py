"""What a key may be good for: names of scopes, and the actions of the matrix that each opens.

A scope narrows the role in which a key acts, never widens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from registry.accounts.policy import PERMISSIONS

#: scope → (what it is called, the actions)
SCOPES: Mapping[str, tuple[Promise, frozenset[str]]] = {
    "roster:write": (
        _("上传花名册并入库"),
        frozenset(
            {
                "intake.upload",
                "intake.read",
                "intake.correct",
                "intake.commit",
                "enrolment.load",
                "exam.manage",
                "score.enter",
            }
        ),
    ),
    "attendance:write": (_("登记考勤"), frozenset({"attendance.record"})),
    "status:read": (
        _("查询班次、培训记录和导入批次"),
        frozenset({"class.read", "enrolment.read", "intake.read"}),
    ),
    "certificate:issue": (
        _("提交签发单并查看进度"),
        frozenset({"certificate.prepare", "certificate.orders"}),
    ),
    "certificate:verify": (_("核验证书"), frozenset({"certificate.verify"})),
    "certificate:read": (_("跟踪本机构证书的变更"), frozenset({"certificate.read"})),
}

_unknown = {action for _label, actions in SCOPES.values() for action in actions} - set(PERMISSIONS)
if _unknown:
    raise KeyError(f"no such actions: {sorted(_unknown)}")


def actions(scopes: Iterable[str]) -> frozenset[str]:
    """Everything that these scopes open. A scope that is no more opens nothing."""
    return frozenset(action for scope in scopes if scope in SCOPES for action in SCOPES[scope][1])
