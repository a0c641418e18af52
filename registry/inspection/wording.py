"""What faults are called, and where they stand, for people who read a comparison."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

FAULTS = {
    "changed": _("内容与最后一次记录不同"),
    "missing": _("行不见了"),
    "returned": _("已删除的行又出现了"),
    "unlisted": _("没有任何操作记录登记过这一行"),
    "commitment": _("详情与承诺值不符"),
    "resealed": _("各栏与封存字节不符"),
    "unlogged": _("既不在日志里，也不在等待"),
    "lost": _("日志里有，记录却不见了"),
    "replaced": _("与日志里的叶哈希不符"),
    "gap": _("日志序号不连续，或长度不符"),
    "head": _("检查点与日志的叶不符"),
    "erased": _("没有抹除记录而内容已被销毁"),
    "orphaned": _("所属的操作记录不见了"),
    "trigger": _("保护触发器被停用或删除"),
}


def finding(row: dict[str, Any]) -> dict[str, Any]:
    """One fault as a page shows it: table in Chinese, row, what is wrong."""
    return {
        **row,
        "where": _tables().get(row["table"], row["table"]),
        "what": FAULTS.get(row["fault"], row["fault"]),
    }


def table(name: str) -> str:
    """A table's name in Chinese."""
    return str(_tables().get(name, name))


def _tables() -> dict[str, str]:
    return {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models()}
