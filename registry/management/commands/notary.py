"""`manage.py notary run|once|status|key|rebase`: the process that signs the log. See docs/rooms/audit.md."""

from __future__ import annotations

import json
import signal
import sys
import threading
from dataclasses import asdict
from types import FrameType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _t

from registry.accounts.models import User
from registry.audit.keeping import Keeper, KeyTrouble
from registry.audit.notary import Notary, Refused
from registry.audit.publishing import Published
from registry.audit.queries import log_health
from registry.config import rebasing


class Command(BaseCommand):
    help = "Takes committed entries into the Merkle log, signs its head and publishes it."
    policy = "notary.rebase"
    # The notary's host has neither keys of persons nor pages, so it is not asked about them.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        run = verbs.add_parser("run", help="work until told to stop")
        run.add_argument("--every", type=float, help="seconds between signatures, in place of the setting")
        verbs.add_parser("once", help="take, sign and publish once")
        verbs.add_parser("status", help="how far the log has come; exit 1 when it does not keep up")
        again = verbs.add_parser("rebase", help="let the log go on after a restore; two persons agree on it")
        again.add_argument("--ask", metavar="USER", help="ask for it, as this administrator")
        again.add_argument("--reason", default="", help="why, when asking")
        again.add_argument("--case", type=UUID, help="do it, when another administrator has agreed")
        key = verbs.add_parser("key", help="print the key that others verify with")
        key.add_argument("--new", action="store_true", help="make a key, where there is none")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["verb"])(options)
        except Refused as refusal:
            self.stderr.write(f"notary: {refusal}")
            sys.exit(int(refusal.why))
        except (KeyTrouble, PermissionDenied) as trouble:
            raise CommandError(str(trouble)) from None

    def run(self, options: dict[str, Any]) -> None:
        stopped = threading.Event()

        def stop(number: int, frame: FrameType | None) -> None:
            stopped.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        notary().run(options["every"] or settings.NOTARY_SECONDS, stopped, self.stderr.write)

    def once(self, options: dict[str, Any]) -> None:
        one = notary()
        try:
            one.start()
            one.turn(settings.NOTARY_SECONDS)
        finally:
            one.stop()
        self.status({})

    def status(self, options: dict[str, Any]) -> None:
        health = log_health()
        self.stdout.write(json.dumps(health.as_dict(), ensure_ascii=False))
        if not health.healthy:
            sys.exit(1)

    def rebase(self, options: dict[str, Any]) -> None:
        if options["case"]:
            outcome = rebasing.perform(options["case"], notary())
            self.stdout.write(json.dumps(asdict(outcome), ensure_ascii=False))
            return
        maker = User.objects.filter(username=options["ask"] or "").first()
        if maker is None or not options["reason"]:
            raise CommandError(_t("请用 --ask 用户名 --reason 事由 提出,或用 --case 编号 执行。"))
        self.stdout.write(str(rebasing.ask(maker, options["reason"]).pk))

    def key(self, options: dict[str, Any]) -> None:
        keeper = Keeper(settings.NOTARY_DIR)
        if options["new"]:
            try:
                keeper.new_key(f"{settings.LOG_NAME}/{Notary._year()}")
            except FileExistsError:
                raise CommandError(_t("已有签名密钥,不会覆盖。")) from None
        self.stdout.write(str(keeper.signer().verifier))


def notary() -> Notary:
    """A notary as the settings describe it."""
    return Notary(
        keeper=Keeper(settings.NOTARY_DIR),
        published=Published(settings.LOG_DIR, settings.LOG_COPY),
        name=settings.LOG_NAME,
        may_make_key=not settings.PRODUCTION,
    )
