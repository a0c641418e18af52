"""What checking puts into a copy of everything held about a person: links that they lent, checks of their certificates.

Who checked is not known: the log has no names, and addresses only as an HMAC that stays here.
"""

from __future__ import annotations

from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from certificates.verification import queries
from certificates.verification.models import Lookup
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.rights.contributors import Contributor, Row


def _shares(scope: Scope, person: Person) -> list[Row]:
    made = list(queries.shares(scope))
    opened = queries.visits_of(one.pk for one in made)
    found: list[Row] = []
    for one in made:
        times, last = opened.get(one.pk, (0, None))
        found.append(
            {
                _t("证书编号"): one.certificate.number,
                _t("给谁"): one.label or None,
                _t("显示完整姓名"): _t("是") if one.with_name else _t("否"),
                _t("建立时间"): one.created_at.isoformat(),
                _t("有效期至"): one.expires_at.isoformat(),
                _t("停用时间"): one.ended_at.isoformat() if one.ended_at else None,
                _t("打开次数"): times,
                _t("最近打开"): last.isoformat() if last else None,
            }
        )
    return found


def _checks(scope: Scope, person: Person) -> list[Row]:
    ways = dict(Lookup.Way.choices)
    return [
        {
            _t("证书编号"): number,
            _t("方式"): str(ways.get(way, way)),
            _t("核验次数"): times,
            _t("最早"): first.isoformat(),
            _t("最近"): last.isoformat(),
        }
        for number, way, times, first, last in queries.checked(scope)
    ]


SHARES = Contributor("shares", _("证书分享"), _shares, order=35)
CHECKS = Contributor("checks", _("证书被核验"), _checks, order=36)
