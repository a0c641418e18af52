"""``manage.py appoint USERNAME ROLE``: the first administrators of an installation, by whoever has the machine."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from registry.accounts.models import ADMINISTRATORS, Role
from registry.staffing import services


class Command(BaseCommand):
    """Refused as long as two security officers are in force: from then on roles are given on pages, by two."""

    policy = "role.grant"
    help = "任命首批系统、安全、审计管理员；已有两名安全管理员时不可用。证件号码从标准输入读取。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("role", choices=[role.value for role in ADMINISTRATORS])
        parser.add_argument("--name", default="", help="姓名")
        parser.add_argument("--until", type=date.fromisoformat, required=True, help="截止日期，如 2026-12-31")

    def handle(self, *args: Any, username: str, role: str, name: str, until: date, **options: Any) -> None:
        number = getpass.getpass("证件号码：") if sys.stdin.isatty() else sys.stdin.readline().strip()
        try:
            secret = services.appoint(
                username=username, display_name=name, id_number=number, role=Role(role), valid_to=until
            )
        except ValidationError as error:
            raise CommandError("；".join(error.messages)) from None
        self.stdout.write(f"{username} {Role(role).label} 初始密码（只显示这一次，首次登录须更改）：{secret}")
