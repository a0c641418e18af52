"""``manage.py demo``: a region that looks real, by the same road as everything else."""

from __future__ import annotations

import io
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from certificates.evaluations import demo as evaluations
from certificates.issuance import demo as certifying
from certificates.printing import demo as papers
from registry.accounts import demo as accounts
from registry.accounts.models import User
from registry.institutions import demo as institutions
from registry.institutions.models import Institution
from registry.intake import services as intake
from registry.intake import store
from registry.intake.models import Batch, Issue
from registry.lib.scope import Scope
from registry.people.models import Person
from registry.regions.models import Region
from training.ledgers import demo_files as ledgers
from training.rosters import demo as rosters
from training.targets import numbers as targets
from training.targets.counting import Place
from training.targets.models import Plan

SEED = 2026
ROWS = 3_000
SCHOOL = "喀什石榴职业技能培训学校"
COUNTY, PREFECTURE, PROVINCE = "653101", "653100", "650000"
COUNTED = ("read", "accepted", "rejected", "unchanged")
DemoFile = ledgers.DemoFile | rosters.RosterFile


class Command(BaseCommand):
    policy = "system.config"
    help = "示例数据:真实的区划,虚构的机构和人员,用同一套程序读入。再次执行不改变任何数据"

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        load = verbs.add_parser("load", help="载入示例数据")
        load.add_argument("--rows", type=int, default=ROWS, help=f"台账行数,约 {ROWS}")
        load.add_argument("--again", action="store_true", help="已办过的文件也再办一次(不会有第二次效果)")
        verbs.add_parser("sign-ins", help="列出示例账号")

    def handle(self, *args: Any, verb: str, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("生产环境不载入示例数据")
        if verb == "sign-ins":
            self._sign_ins(self._users())
            return
        began = time.monotonic()
        call_command("reference", "load", "--demo", stdout=io.StringIO())
        institutions.load()
        self._users()
        clerk = User.objects.get(username="province")
        files: Iterable[DemoFile] = chain(
            ledgers.files(options["rows"], SEED), rosters.files(rosters.open_classes(), SEED)
        )
        self._report(list(self._hand_in(files, clerk, again=options["again"])))
        _link_trainee()
        self._examine()
        self._headline(date.today())
        self.stdout.write(f"用时 {time.monotonic() - began:.1f} 秒")

    def _users(self) -> list[accounts.DemoUser]:
        places = [Region.objects.get(code=code) for code in (COUNTY, PREFECTURE, PROVINCE)]
        return accounts.demo_users(Institution.objects.get(name=SCHOOL), *places)

    def _examine(self) -> None:
        """A body with a closed batch, from which certificates are issued, and one that is about to be held."""
        clerk, signer = (User.objects.get(username=name) for name in ("examiner", "signer"))
        exams = evaluations.load(Institution.objects.get(name=SCHOOL), clerk=clerk, signer=signer, seed=SEED)
        for exam in exams:
            if exam.state == exam.State.CLOSED:
                certifying.load(exam, clerk=clerk, signer=signer)
            self.stdout.write(
                f"评价批次 {exam.number}:{exam.get_state_display()},考生 {exam.candidates.count()} 人"
            )
        papers.load(clerk=clerk, signer=signer)

    def _hand_in(self, files: Iterable[DemoFile], clerk: User, *, again: bool) -> Iterator[Batch]:
        """Receive, check and commit each file; one that was committed before is not handed in anew."""
        for file in files:
            batch = None if again else _committed(file)
            if batch is None:
                stream = io.BytesIO(file.data)
                batch, _new = intake.receive(
                    kind=file.kind, file=stream, name=file.name, actor=clerk, options=file.options
                )
                batch = intake.load(batch.pk, valid_rows_only=True)
                if batch.state == Batch.State.REVIEW:
                    # Nothing left to register: all rows stood there already, or were rejected then and now.
                    batch = intake.cancel(batch.pk, actor=clerk, reason="示例数据已登记")
            self._tell(batch)
            yield batch

    def _tell(self, batch: Batch) -> None:
        counts = batch.counts
        if batch.file_error:
            self.stdout.write(f"{batch.file_name}  退回:{batch.file_error['message']}")
            return
        self.stdout.write(
            f"{batch.file_name}  [{batch.file_format} {batch.file_encoding or ''}]  "
            f"读取 {counts['read']},通过 {counts['accepted']},未通过 {counts['rejected']},"
            f"已登记过 {counts['unchanged']}"
        )

    def _report(self, batches: list[Batch]) -> None:
        """Sums over all files, and why rows were rejected."""
        total: Counter[str] = Counter()
        for batch in batches:
            total.update({name: batch.counts.get(name, 0) for name in COUNTED})
        self.stdout.write(
            f"共 {len(batches)} 个文件:读取 {total['read']} 行,通过 {total['accepted']} 行,"
            f"未通过 {total['rejected']} 行,已登记过 {total['unchanged']} 行"
        )
        faults = Issue.objects.filter(batch__in=batches, severity=Issue.Severity.ERROR)
        for code, count in Counter(faults.values_list("code", flat=True)).most_common():
            self.stdout.write(f"  {code}  {count}")

    def _headline(self, today: date) -> None:
        """What the board says first: the plan's main number, and what the register holds against it."""
        plan = Plan.objects.get(code="XJ")
        for number in targets.numbers(Scope(kind="all"), plan, Place(PROVINCE), today):
            if number.target.indicator.headline and number.progress.rate is not None:
                found = number.progress
                self.stdout.write(
                    f"{plan.name} {number.target.indicator.name}:{number.times:,} 人次({number.people:,} 人),"
                    f"目标 {number.target.printed} {number.target.unit},完成率 {found.rate:.4%},"
                    f"序时进度 {found.time:.1%},{found.word}"
                )

    def _sign_ins(self, users: list[accounts.DemoUser]) -> None:
        for user in users:
            place = f" {user.place}" if user.place else ""
            self.stdout.write(f"  {user.username:<12} {user.password}   {user.role_name}{place}")
        self.stdout.write("  第二重验证的 6 位数字:.venv/bin/python manage.py accounts code 用户名")


def _committed(file: DemoFile) -> Batch | None:
    """The batch that registered this very file, if there is one."""
    sha256, _size = store.fingerprint(io.BytesIO(file.data))
    done = Batch.objects.filter(kind=file.kind, file_sha256=sha256, state=Batch.State.COMMITTED)
    return done.order_by("created_at").first()


def _link_trainee() -> None:
    """Give the demo trainee the account of somebody with several trainings."""
    trainee = User.objects.get(username="trainee")
    if Person.objects.filter(user=trainee).exists():
        return
    person = Person.objects.raw(
        "SELECT p.* FROM people_person p JOIN enrolments_enrolment e ON e.person_id = p.id "
        "GROUP BY p.id ORDER BY count(*) DESC, p.id LIMIT 1"
    )
    for found in person:
        Person.objects.filter(pk=found.pk).update(user=trainee)
