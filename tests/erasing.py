"""A town whose people leave traces everywhere, some of whom are erased; and where anything of them is looked for."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.test import Client

from registry.accounts.models import Membership, Role, User
from registry.accounts.scopes import scope_for
from registry.audit import export
from registry.audit.keeping import Keeper
from registry.audit.models import Detail
from registry.audit.notary import Notary
from registry.audit.publishing import Published
from registry.audit.verify import verify
from registry.config import binaries, embedded
from registry.lib.scope import Scope
from registry.people import merging
from registry.people.demo import luhn_sum
from registry.people.models import Document, Person
from registry.rights import corrections, defaults, erasing
from tests import town
from tests.registry.places import make_user
from tests.sheets.plain import delimited
from tests.signing import sign_in

ROOT = Path(settings.BASE_DIR)
HEAD = ("姓名", "身份证号", "联系电话", "人员类别", "开户银行", "银行户名", "银行账号")


@dataclass(frozen=True)
class Trace:
    """What could tell who somebody was. Names are nobody else's."""

    name: str
    id_number: str
    phone: str
    account: str
    username: str

    @property
    def all(self) -> tuple[str, ...]:
        return self.name, self.id_number, self.phone, self.account, self.username


def trace(n: int) -> Trace:
    who = town.person(n)
    body = f"620000{n:012d}"
    account = body + str(-luhn_sum(body + "0") % 10)
    return Trace(who.name, who.id_number, who.phone, account, f"trainee.{n:06d}")


@dataclass
class Crowd:
    """People on record by number, spread over two classes of two schools."""

    place: town.Town
    people: dict[int, UUID] = field(default_factory=dict)
    told_later: dict[int, list[str]] = field(default_factory=dict)

    @classmethod
    def gather(cls, count: int) -> Crowd:
        """By rosters and a ledger; half of them twice."""
        crowd = cls(town.build())
        defaults.load()
        place = crowd.place
        second = town.make_class(place.other, "T-02", place.welding)
        for klass, numbers in ((place.klass, range(0, count, 2)), (second, range(1, count, 2))):
            rows = [_cells(trace(n)) for n in numbers]
            town.loaded(place, "roster", delimited([HEAD, *rows]), **{"class": klass.pk})
        entries = [town.entry(town.person(n), serial=n) for n in range(0, count, 2)]
        town.loaded(place, "ledger", town.ledger(entries))
        by_index = {
            bytes(index): pk for index, pk in Document.objects.values_list("blind_index", "person_id")
        }
        from registry.identity.current import keyring

        crowd.people = {n: by_index[keyring().blind_index(trace(n).id_number, "idno")] for n in range(count)}
        return crowd

    def live(self, numbers: Sequence[int]) -> None:
        """Let them sign in, be looked at, ask for corrections and be merged."""
        auditor = make_user("looks", Role.AUD)
        clerk = make_user("answers", Role.RG, region_id=town.PROVINCE)
        looking = sign_in(Client(), auditor)
        for n in numbers:
            pk, told = self.people[n], trace(n)
            user = User.objects.create(username=told.username, display_name=told.name, password="!")
            Membership.objects.create(user=user, role=Role.TRN, valid_from=town.ALWAYS)
            Person.objects.filter(pk=pk).update(user=user)
            if n % 5 == 0:
                looking.get(f"/people/{pk}/", headers={"host": "localhost"})
            if n % 4 == 0:
                self._correct(n, clerk, user)
        # Neighbours in number sit in different classes: two records of one person, with a reason that names them.
        for n in list(numbers)[6::10]:
            if n + 1 in numbers:
                merging.merge(
                    survivor_id=self.people[n],
                    absorbed_id=self.people[n + 1],
                    reason=f"{trace(n).name}与{trace(n + 1).name}是同一人",
                    actor=clerk,
                )

    def _correct(self, n: int, clerk: User, asker: User) -> None:
        person = Person.objects.get(pk=self.people[n])
        name = f"{trace(n).name}更正"
        case = corrections.ask(person, fact="name", proposed=name, why=f"我是{name}", actor=asker)
        self.told_later.setdefault(n, []).append(name)
        if n % 8 == 0:
            corrections.answer(
                case.pk, approve=True, text=f"{name}已核对", actor=clerk, scope=scope_for(clerk)
            )

    def told(self, numbers: Iterable[int]) -> list[str]:
        """Every string that could tell who these people were."""
        return [text for n in numbers for text in (*trace(n).all, *self.told_later.get(n, []))]


def _cells(told: Trace) -> list[str | None]:
    return [told.name, told.id_number, told.phone, None, "示例银行喀什支行", told.name, told.account]


@dataclass
class Outcome:
    """What a trial found. Found strings are counted, never shown."""

    people: int
    erased: int
    seconds_erasing: float = 0.0
    seconds_verifying: float = 0.0
    verify_ok: bool = False
    details_erased: int = 0
    searched_strings: int = 0
    dump_bytes: int = 0
    found_before: int = 0
    found_after: int = 0
    found_of_others: int = 0
    offline: str = ""
    offline_ok: bool = False
    left: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return (
            self.verify_ok
            and self.offline_ok
            and self.found_after == 0
            and self.found_before > 0
            and self.found_of_others > 0
            and not self.left
        )


def attempt(count: int, erased: int, folder: Path) -> Outcome:
    """Gather `count` people, erase the first `erased` of them, and look for anything of them.

    `folder` takes dumps, the log and its key; it is the caller's to throw away. Needs a committed database of its own.
    """
    crowd = Crowd.gather(count)
    going, staying = range(erased), range(erased, count)
    crowd.live(going)
    outcome = Outcome(people=count, erased=erased)
    told, of_others = crowd.told(going), crowd.told(staying)
    outcome.searched_strings = len(told)
    log = _Log(folder)
    log.settle("before")
    before = _dump(folder / "before.sql")
    outcome.found_before = search(before, told)
    before.unlink()

    began = time.perf_counter()
    ids = [crowd.people[n] for n in going]
    for some in erasing.erase_all(ids, actor=None, basis="asked", ignore_retention=True):
        for why in some.left.values():
            outcome.left[why] = outcome.left.get(why, 0) + 1
    outcome.seconds_erasing = round(time.perf_counter() - began, 2)
    outcome.details_erased = Detail.objects.exclude(erased_at=None).count()

    began = time.perf_counter()
    outcome.verify_ok = verify(Scope.all()).ok
    outcome.seconds_verifying = round(time.perf_counter() - began, 2)
    outcome.offline_ok, outcome.offline = log.verified_offline()
    after = _dump(folder / "after.sql")
    outcome.dump_bytes = after.stat().st_size
    outcome.found_after, outcome.found_of_others = search(after, told), search(after, of_others)
    return outcome


class _Log:
    """A notary of the trial's own, and the offline verifier over what it signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vkey = ""

    def settle(self, name: str) -> Path:
        published = Published(self.folder / "log", self.folder / "elsewhere" / "checkpoints.log")
        notary = Notary(Keeper(self.folder / "notary"), published, "trial.invalid/log", may_make_key=True)
        try:
            notary.start()
            notary.turn(60)
            self.vkey = str(notary.signer.verifier)
        finally:
            notary.stop()
        kept = self.folder / f"checkpoint-{name}"
        kept.write_text(export.newest_checkpoint().note, "utf-8")
        return kept

    def verified_offline(self) -> tuple[bool, str]:
        """Whether the stdlib script finds the export in order, against the checkpoint signed before the erasure."""
        self.settle("after")
        target = self.folder / "export"
        export.write(Scope.all(), target, with_details=True)
        script = ROOT / "scripts" / "verify_registry.py"
        key, old = ["--key", self.vkey], ["--old", self.folder / "checkpoint-before"]
        command = [sys.executable, "-I", "-S", script, target, *key, *old, "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode == 0, (done.stdout + done.stderr).strip()


def _dump(path: Path) -> Path:
    """Everything in the database, as pg_dump writes it in plain text."""
    s = connection.settings_dict
    url = embedded.Database(s["HOST"], int(s["PORT"]), s["NAME"], s["USER"]).url
    with path.open("wb") as out:
        subprocess.run([binaries.find()["pg_dump"], "--format=plain", url], stdout=out, check=True)
    return path


def search(dump: Path, told: Sequence[str]) -> int:
    """How many places of the file hold one of the strings: as text, or as hex or base64 of its UTF-8."""
    with tempfile.NamedTemporaryFile("w", suffix=".patterns", encoding="utf-8") as patterns:
        patterns.write("\n".join(sorted({form for text in told for form in _forms(text)})))
        patterns.flush()
        found = subprocess.run(
            ["grep", "-a", "-o", "-F", "-f", patterns.name, dump],
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
        )
    return len(found.stdout.splitlines())


def _forms(text: str) -> set[str]:
    data = text.encode()
    forms = {text, data.hex(), data.hex().upper()}
    for shift in range(3):
        # Within a longer value the string may begin at any of three places of a group of base64.
        packed = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        first, last = (0, 2, 3)[shift], len(packed) - (1 if (len(data) + shift) % 3 else 0)
        forms.add(packed[first:last])
    return forms
