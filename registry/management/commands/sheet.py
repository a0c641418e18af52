"""``manage.py sheet``: templates, checks, loads and error workbooks on the command line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from registry.accounts.acting import acting_user
from registry.accounts.models import User
from registry.accounts.policy import Refused
from registry.intake import answer, errors, kinds, reading, retention, services, store, template
from registry.intake.models import Batch


class Command(BaseCommand):
    """Exit 0: every row accepted; 1: some rows rejected; 2: the file was refused."""

    policy = "intake.upload"
    help = "表格:下载模板、校验、登记、导出错误明细"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        blank = verbs.add_parser("template", help="空白模板")
        blank.add_argument("kind")
        blank.add_argument("out", type=Path)
        for verb, text in (("check", "只校验,不登记"), ("load", "校验并登记")):
            one = verbs.add_parser(verb, help=text)
            one.add_argument("kind")
            one.add_argument("file", type=Path)
            one.add_argument("--sheet", default="", help="工作表名称")
            one.add_argument("--class", dest="class", default=None, help="班级编号,或 机构名称/班级编号")
            one.add_argument("--exam", default=None, help="评价批次编号,或 机构名称/批次编号")
            one.add_argument("--institution", type=int, default=None, help="机构号(表中没有培训机构列时)")
            one.add_argument("--region", default=None, help="统计地区代码")
            one.add_argument("--funding", default=None, help="经费:subsidised、employer 或 market")
            one.add_argument("--as", dest="user", default=None, help="经办人登录名")
            one.add_argument("--json", action="store_true", help="输出一个 JSON 对象")
            if verb == "load":
                one.add_argument("--valid-rows-only", action="store_true", help="有错误的行留下,其余登记")
        faults = verbs.add_parser("errors", help="错误明细工作簿")
        faults.add_argument("batch", type=UUID)
        faults.add_argument("out", type=Path)
        faults.add_argument("--faulty-only", action="store_true", help="只要有问题的行")
        again = verbs.add_parser("resume", help="继续中断的批次")
        again.add_argument("batch", type=UUID)
        again.add_argument("--json", action="store_true")
        old = verbs.add_parser("prune", help="销毁保存期已满的原件,只留文件指纹")
        old.add_argument("--days", type=int, default=settings.INTAKE_FILE_RETENTION_DAYS, help="保存天数")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with acting_user(self._user(options.get("user"))):
                code = getattr(self, f"_{options['verb']}")(options)
        except kinds.UnknownKind as error:
            known = "、".join(kind.key for kind in kinds.every())
            raise CommandError(f"没有“{error}”这种表,可用:{known}") from error
        except reading.Refused as error:
            raise CommandError(error.message) from error
        except Refused as error:
            raise CommandError(str(error)) from error
        except (LookupError, store.FileDamaged, services.NotAllowed) as error:
            raise CommandError(f"{type(error).__doc__}({error})") from error
        if code:
            raise SystemExit(code)

    def _template(self, options: dict[str, Any]) -> int:
        template.write(kinds.get(options["kind"]).spec, options["out"])
        return 0

    def _check(self, options: dict[str, Any]) -> int:
        # The rehearsal is the performance, rolled back.
        with transaction.atomic():
            batch = services.check(self._receive(options)[0].id)
            found = answer.rehearsed(batch)
            transaction.set_rollback(True)
        found["batch"] = None
        self._say(found, options["json"])
        return answer.exit_code(batch)

    def _load(self, options: dict[str, Any]) -> int:
        if options["kind"] == "roster" and not options["class"]:
            raise CommandError("登记花名册须用 --class 指明班级编号")
        batch, _ = self._receive(options)
        batch = services.load(batch.id, valid_rows_only=options["valid_rows_only"])
        self._say(answer.of(batch), options["json"])
        return answer.exit_code(batch)

    def _errors(self, options: dict[str, Any]) -> int:
        batch = Batch.objects.filter(pk=options["batch"]).first()
        if batch is None:
            raise CommandError("没有这个批次")
        errors.write(batch, options["out"], faulty_only=options["faulty_only"])
        return 0

    def _resume(self, options: dict[str, Any]) -> int:
        batch = services.resume(options["batch"], actor=None)
        batch = services.load(batch.id, valid_rows_only=batch.valid_rows_only)
        self._say(answer.of(batch), options["json"])
        return answer.exit_code(batch)

    def _prune(self, options: dict[str, Any]) -> int:
        gone = retention.prune(before=timezone.now() - timedelta(days=options["days"]))
        self.stdout.write(f"已销毁 {gone} 份原件,保留文件名、大小和指纹")
        return 0

    def _receive(self, options: dict[str, Any]) -> tuple[Batch, bool]:
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"找不到文件:{path.name}")
        with path.open("rb") as file:
            return services.receive(
                kind=options["kind"],
                file=file,
                name=path.name,
                actor=self._user(options["user"]),
                options={key: options[key] for key in ("class", "exam", "institution", "region", "funding")},
                sheet=options["sheet"],
                max_bytes=settings.INTAKE_CLI_MAX_BYTES,
            )

    def _user(self, name: str | None) -> User | None:
        if name is None:
            return None
        user = User.objects.filter(username=name, is_active=True).first()
        if user is None:
            raise CommandError(f"没有登录名为“{name}”的在用账号")
        return user

    def _say(self, found: dict[str, Any], as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(found, ensure_ascii=False))
            return
        if found["file_error"]:
            self.stdout.write(f"{found['file']['name']}:退回。{found['file_error']['message']}")
            return
        counts = found["counts"]
        self.stdout.write(
            f"{found['file']['name']}:读取 {counts['read']} 行,通过 {counts['accepted']} 行,"
            f"未通过 {counts['rejected']} 行,已登记过 {counts['unchanged']} 行"
        )
        for issue in found["issues"]:
            self.stdout.write(
                f"  第 {issue['row']} 行 {issue['column']} [{issue['code']}] {issue['message']}"
            )
        if any(found["created"].values()):
            made = "、".join(f"{name} {count}" for name, count in found["created"].items())
            self.stdout.write(f"  已登记:{made}")
