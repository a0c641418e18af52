"""The page that shows the matrix to people: `docs/permissions.md`, written from `matrix.toml` and from nothing else."""

from __future__ import annotations

from django.utils.translation import gettext as _t

from registry.accounts.models import Role
from registry.accounts.policy import PERMISSIONS, Grant

_LETTERS = {"o": "本", "i": "机构", "r": "区划", "a": "全部"}

_HEAD = """# 权限表

本页由 `manage.py permissions` 按 [matrix.toml](../registry/accounts/matrix.toml) 生成，请勿手改；
程序运行、本页和测试都以那一个文件为准。

每个页面、接口操作、后台表格和命令对应下表的一个操作；没有对应操作的一律打不开。
一次登录同时只有一个角色，切换会留下记录。

**范围**：本 = 本人；机构 = 本机构；区划 = 本级区划及以下；全部 = 不分地区；— = 不可以。
超出范围的答复是“没有找到”（404），不可以的答复是“不能办理”并说明原因（403）。

**标记**：≠ 须由经办人和前面各步办理人之外的另一自然人办理；2 须另一人同意才生效；
S 须刚刚再次确认过身份（学员须 2 级认证）；m 号码只显示遮盖后的样子。

三员分立：系统管理员、安全管理员、审计管理员须由三个自然人分别担任，且不得兼任其他工作角色；由数据库拒绝，不靠页面。
角色由他人授予，写明截止日期；超级用户标志不打开任何功能。

## 角色
"""


def page() -> str:
    """The whole page."""
    lines = [_HEAD, "| 代码 | 角色 |", "|---|---|"]
    lines += [f"| {role.value} | {role.label} |" for role in Role]
    roles = [role.value for role in Role]
    lines += ["", "## 操作", "", f"| 操作 | 名称 | {' | '.join(roles)} |", f"|---|---|{'---|' * len(roles)}"]
    for name, permission in PERMISSIONS.items():
        cells = " | ".join(_cell(permission.grants.get(role)) for role in roles)
        lines.append(f"| `{name}` | {permission.label} | {cells} |")
    return "\n".join(lines) + "\n"


def _cell(grant: Grant | None) -> str:
    if grant is None:
        return "—"
    marks = [
        mark
        for mark, held in (
            ("≠", grant.other_person),
            ("2", grant.second_person),
            ("S", grant.step_up),
            ("m", grant.masked),
        )
        if held
    ]
    return " ".join([_t(_LETTERS[grant.scope]), *marks])
