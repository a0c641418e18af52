"""docs/indicators.md, written from the data: every number of the plans and how it is counted."""

from __future__ import annotations

import json

from django.utils.translation import gettext as _

from training.targets import reference, wording
from training.targets.counting import Filter
from training.targets.models import Event, Kind, Nature

_HEAD = """# 指标 Indicators

Written by `manage.py targets doc` from `training/targets/data`; a test compares. Numbers, units and signs stand as the
documents print them. 人次 counts rows, 人数 counts people; a ratio without its denominator is never computed.

How to add an indicator: a line in `indicators.csv` (event, filter), its numbers in `targets.csv`, what must be known
about them in `discrepancies.toml`, then `manage.py targets load` and `manage.py targets doc > docs/indicators.md`.
`tracks_people` is for an indicator in people (人) under a filter other than 补贴性: its people are recorded by name.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    by_indicator: dict[str, list[reference.TargetRow]] = {}
    for target in reference.targets():
        by_indicator.setdefault(target.indicator_id, []).append(target)
    beside = _remarks_beside()
    for plan in reference.plans():
        dated = plan.dated or _("未见")
        parts.append(
            f"\n## {plan.code} {plan.name}\n\n{_('文件日期')} {dated}；{_('地区')} {plan.region_id}。{plan.note}\n"
        )
        parts.append("| 编号 | 指标 | 计数 | 时期 | 所载数 | 单位 | 类型 | 属性 | 文中位置 | 附注 | 疑点 |")
        parts.append("|---|---|---|---|---|---|---|---|---|---|---|")
        for indicator in reference.indicators():
            if indicator.plan_id == plan.code:
                parts += [_row(indicator, target, beside) for target in by_indicator[indicator.code]]
    parts.append("\n## 数据疑点\n")
    parts += [
        f"{row.number}. **{row.title}**（{'、'.join(row.plans)}）{row.text}"
        for row in reference.discrepancies()
    ]
    return "\n".join(parts) + "\n"


def _remarks_beside() -> dict[tuple[str, int], list[int]]:
    beside: dict[tuple[str, int], list[int]] = {}
    for row in reference.discrepancies():
        for pair in row.targets:
            beside.setdefault(pair, []).append(row.number)
    return beside


def _row(
    indicator: reference.IndicatorRow, target: reference.TargetRow, beside: dict[tuple[str, int], list[int]]
) -> str:
    only = wording.conditions(Filter.read(json.loads(indicator.filter)))
    event = str(Event(indicator.event).label)
    cells = [
        indicator.code,
        indicator.name + (f"：{target.item}" if target.item else ""),
        event + (f"，{only}" if only else ""),
        target.period,
        target.printed,
        target.unit,
        str(Kind(target.kind).label),
        str(Nature(target.nature).label),
        target.place,
        target.note,
        "、".join(str(number) for number in sorted(beside.get((target.indicator_id, target.part), []))),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
