"""``manage.py keys rotate --purpose NAME``: seal the values of a purpose anew under the active key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry.identity.keyring import KeyringError
from registry.people import rotation
from registry.review import agreed


class Command(BaseCommand):
    """Can be stopped and started again at any time. Exit 1 while rows are left that others hold."""

    policy = "key.rotate"
    help = "密钥轮换:用现行密钥重新加密一类数据"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        rotate = verbs.add_parser("rotate", help="重新加密;可随时中断后再次运行")
        rotate.add_argument("--purpose", required=True, choices=sorted(rotation.TABLES))
        rotate.add_argument("--chunk", type=int, default=rotation.CHUNK_ROWS, help="每批行数")

    def handle(self, *args: Any, **options: Any) -> None:
        purpose: str = options["purpose"]
        try:
            # Where real people are on record, two of the administrators have agreed before.
            case = agreed.demand(rotation.KIND, purpose) if settings.PRODUCTION else None
            maker = case.maker if case else None
            done = rotation.rotate(purpose, actor=maker, chunk_rows=options["chunk"])
        except agreed.NotAgreed as error:
            raise CommandError(error.messages[0]) from error
        except rotation.NotAsRecorded as error:
            raise CommandError(f"{error.__doc__}({error})") from error
        except KeyringError as error:
            raise CommandError(f"有密文无法解开,已停下:{error}") from error
        left = rotation.left(purpose)
        self.stdout.write(f"{purpose}:已重新加密 {done} 行,剩余 {left} 行")
        if left:
            raise SystemExit(1)
