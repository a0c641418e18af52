"""What a figure counts, in one sentence (口径), and the names of places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from certificates.issuance.models import Certificate
from registry.regions.queries import full_names, names
from training.catalogue.codes import Funding, PersonCategory, TrainingType
from training.targets.counting import Count, Filter, Period, Place
from training.targets.tables import Measure

#: The columns of every table, by the name of the count.
COLUMNS: dict[str, Any] = {
    "n": _lazy("人次"),
    "heads": _lazy("人数"),
    "subsidised": _lazy("补贴性人次"),
    "certified": _lazy("取证人次"),
    "high_new": _lazy("新增高技能"),
    "paid": _lazy("补贴人次"),
    "amount_fen": _lazy("补贴金额"),
}

#: Those that every table shows beside the main one.
BESIDE = ("heads", "subsidised", "certified", "high_new", "paid", "amount_fen")

_CODES = {
    "funding": (_lazy("经费"), Funding),
    "training_type": (_lazy("培训类型"), TrainingType),
    "category": (_lazy("人员类别"), PersonCategory),
    "family": (_lazy("证书类别"), Certificate.Family),
}


def conditions(chosen: Filter) -> str:
    """The filter in words, empty for none: 经费为财政补贴、人员类别为退役军人."""
    parts = []
    for name, codes in chosen.lists.items():
        title, labels = _CODES[name]
        parts.append(
            _("%(title)s为%(codes)s")
            % {"title": title, "codes": _("或").join(str(labels(code).label) for code in codes)}
        )
    if chosen.min_rank:
        parts.append(_("等级在高级工及以上"))
    return _("、").join(parts)


def definition(count: Count, place: Place, period: Period, known: Names | None = None) -> str:
    """The sentence that stands over the rows of a figure."""
    days = _("%(since)s 至 %(until)s") % {
        "since": period.since.isoformat(),
        "until": period.until.isoformat(),
    }
    where = place_name(place, full=True, known=known)
    only = conditions(count.filter)
    words = {"days": days, "where": where, "only": _("，%(only)s") % {"only": only} if only else ""}
    if count.measure is Measure.STARTED:
        return (
            _(
                "开班人次：开始日期在 %(days)s 之间、统计地区为%(where)s的培训记录%(only)s。一人参加两个班计两次。"
            )
            % words
        )
    if count.measure is Measure.FINISHED and count.what == "heads":
        return (
            _(
                "人数：结业日期在 %(days)s 之间、统计地区为%(where)s的学员%(only)s。"
                "证件合并后同一人只计一次，列出的是代表其本人的那一条记录。"
            )
            % words
        )
    if count.measure is Measure.FINISHED:
        return (
            _(
                "结业人次：结业日期在 %(days)s 之间、统计地区为%(where)s的培训记录%(only)s。一人参加两个班计两次。"
            )
            % words
        )
    if count.measure is Measure.CERTIFIED:
        return (
            _(
                "取证人次：发证日期在 %(days)s 之间、统计地区为%(where)s的证书%(only)s。"
                "被撤销的在撤销当月以负数冲减，换发、补发不重复计。"
            )
            % words
        )
    if count.measure is Measure.HIGH_NEW:
        return (
            _(
                "新增高技能人才：%(days)s 之间首次取得高级工及以上证书、统计地区为%(where)s的人。每人一生只计一次。"
            )
            % words
        )
    if count.what == "amount_fen":
        return (
            _(
                "补贴金额：%(days)s 之间支付、统计地区为%(where)s的款项。台账没有注明支付日期的，按结业日期归期。"
            )
            % words
        )
    return (
        _(
            "补贴人次：%(days)s 之间首次得到支付、统计地区为%(where)s的培训记录，一条记录只计一次。"
            "台账没有注明支付日期的，按结业日期归期。"
        )
        % words
    )


@dataclass(frozen=True, slots=True)
class Names:
    """What a place's provider and class are called."""

    provider: str = ""
    klass: str = ""


def names_of(place: Place) -> Names:
    """Read once for a page, which names its place several times."""
    if not place.institution and not place.klass:
        return Names()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce((SELECT name FROM institutions_institution WHERE id = %s), ''),"
            " coalesce((SELECT number FROM classes_trainingclass WHERE id = %s), '')",
            [place.institution, place.klass],
        )
        return Names(*cursor.fetchone())


def place_name(place: Place, *, full: bool = False, known: Names | None = None) -> str:
    """新疆维吾尔自治区喀什地区, 喀什地区本级, a provider in a county, a class of a provider."""
    known = names_of(place) if known is None else known
    found = (full_names if full else names)([place.region]).get(place.region, "") if place.region else ""
    if place.own:
        found = _("%(name)s本级") % {"name": found}
    if place.institution:
        provider = known.provider
        found = _("%(name)s的%(provider)s") % {"name": found, "provider": provider} if found else provider
    elif place.institution == 0:
        found = _("%(name)s（未注明机构）") % {"name": found}
    if place.klass:
        found = _("%(name)s %(number)s 班") % {"name": found, "number": known.klass}
    return found


def families() -> list[tuple[str, Any]]:
    """Labels of certificates' families."""
    return list(Certificate.Family.choices)
