"""``manage.py accounts code|reset-password|reset-factor USER``: the door from inside, when nobody else can open it."""

from __future__ import annotations

import secrets
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry.accounts import factors, passwords
from registry.accounts.models import User

# Read aloud and typed from paper: without letters that look alike.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class Command(BaseCommand):
    """What is reset is in the record, without an actor: whoever may run this has the machine in hand."""

    policy = "user.create"
    help = "账号:显示示例账号的验证码;重置密码或第二重验证"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        code = verbs.add_parser("code", help="显示该账号此刻可用的验证码(仅开发环境)")
        password = verbs.add_parser("reset-password", help="设一个一次性密码,下次登录须更改")
        factor = verbs.add_parser("reset-factor", help="去掉第二重验证,下次登录重新设置")
        for verb in (code, password, factor):
            verb.add_argument("username", help="用户名")
        for verb in (password, factor):
            verb.add_argument("--reason", required=True, help="事由,记入操作记录")

    def handle(self, *args: Any, verb: str, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError("没有这个账号")
        if verb == "code":
            self._code(user)
        elif verb == "reset-password":
            groups = ("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))
            password = "-".join(groups)
            passwords.reset(user, password, reason=options["reason"], actor=None)
            self.stdout.write(f"一次性密码:{password}")
        else:
            factors.remove_all(user, reason=options["reason"], actor=None)
            self.stdout.write("已去掉第二重验证,下次登录时重新设置")

    def _code(self, user: User) -> None:
        if settings.PRODUCTION:
            raise CommandError("生产环境不显示验证码")
        found = factors.next_code(user)
        if found is None:
            raise CommandError("这个账号没有验证器应用")
        code, step = found
        wait = max(0, (step - settings.MFA_TOTP_TOLERANCE) * 30 - int(time.time()))
        self.stdout.write(code if not wait else f"{code}  ({wait} 秒后可用)")
