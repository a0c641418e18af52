"""Four eyes under fire: random sequences of acts compared with a plain model, and sixteen reviewers on one row.

The model knows people, accounts, steps and versions as Python values, and says of each act what must come of it. The
same acts go to the database: through the services, and around them as bare statements. Whatever the model forbids and
the database lets through is a breach; any other difference is a disagreement.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
import uuid
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from django.db import DatabaseError, IntegrityError, connection, connections, transaction

from registry.accounts.models import Holder, Membership, Role, User
from registry.audit.models import Action
from registry.regions.models import Region
from registry.review import errors, procedures, services
from registry.review.models import Case, Decision
from registry.review.services import Procedure, Step
from tests.registry.places import SINCE, UNTIL

FIRST, SECOND = "claim.review_first", "claim.review_second"
KINDS = {
    "trial.one": (Step("first", FIRST),),
    "trial.two": (Step("first", FIRST), Step("second", SECOND)),
    "trial.pair": (Step("first", FIRST), Step("first", FIRST)),
    "trial.three": (Step("first", FIRST), Step("second", SECOND), Step("last", SECOND)),
}
ROLE_OF = {FIRST: "C1", SECOND: "C2"}
STATE = {"approve": "approved", "return": "returned", "refuse": "refused", "withdraw": "withdrawn"}

SUBJECT = """
CREATE TABLE {name} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, thing uuid NOT NULL, version integer NOT NULL DEFAULT 1,
    amount bigint NOT NULL DEFAULT 0, done integer NOT NULL DEFAULT 0, UNIQUE (thing, version));
CALL review_attach('trial', '{name}', 'thing', 'version', 'amount');
"""


@dataclass(frozen=True)
class Account:
    """An account as the model knows it; `person` is empty where nobody knows whose it is."""

    name: str
    person: str
    role: str
    active: bool = True


# Eleven accounts of six people: makers who review, reviewers of both steps, somebody unknown, somebody who left.
CAST = (
    Account("maker", "M", "PP"),
    Account("maker-in-county", "M", "C1"),
    Account("maker-above", "M", "C2"),
    Account("a-county", "A", "C1"),
    Account("a-above", "A", "C2"),
    Account("b-county", "B", "C1"),
    Account("b-above", "B", "C2"),
    Account("c-county", "C", "C1"),
    Account("d-above", "D", "C2"),
    Account("nobody", "", ""),
    Account("gone", "G", "C1", active=False),
)


class Stage:
    """The accounts in the database, the table that freezes, and the kinds of matter; taken down by `leave`."""

    def __init__(self, county: Region, prefecture: Region, table: str = "trial_subject") -> None:
        self.county, self.table = county, table
        self.places = {"C1": county, "C2": prefecture}
        self.users = {account.name: self.enter(account) for account in CAST}
        with connection.cursor() as cursor:
            cursor.execute(SUBJECT.format(name=table))
        self._before = dict(procedures._known)
        for kind, steps in KINDS.items():
            services.register(Procedure(kind, kind, steps, self._carry_out))

    def enter(self, account: Account) -> User:
        holder = None
        if account.person:
            index = sha256(f"trial {account.person}".encode()).digest()
            holder, _ = Holder.objects.get_or_create(person_index=index)
        user = User.objects.create(
            username=f"trial-{account.name}",
            display_name=account.name,
            holder=holder,
            is_active=account.active,
        )
        if account.role in self.places:
            place = self.places[account.role]
            Membership.objects.create(
                user=user, role=Role(account.role), region=place, valid_from=SINCE, valid_to=UNTIL
            )
        return user

    def leave(self) -> None:
        procedures._known.clear()
        procedures._known.update(self._before)

    def add(self, thing: uuid.UUID, version: int = 1) -> None:
        self.sql(f"INSERT INTO {self.table} (thing, version) VALUES (%s, %s)", thing, version)

    def sql(self, statement: str, *values: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.rowcount

    def open(self, kind: str, thing: uuid.UUID, version: int, maker: User) -> Case:
        return services.open_case(
            kind=kind,
            subject_type="trial",
            subject_id=thing,
            version=version,
            summary="trial",
            maker=maker,
            region_code=self.county.code,
        )

    def _carry_out(self, case: Case, actor: User) -> None:
        self.sql(
            f"UPDATE {self.table} SET done = done + 1 WHERE thing = %s AND version = %s",
            case.subject_id,
            case.version,
        )


@dataclass
class Model:
    """One matter in plain values. Each method says what must come of an act, and notes what came of it."""

    kind: str
    maker: Account
    said: list[tuple[Account, str]] = field(default_factory=list)  # who, outcome; the n-th is on version n
    state: str = "open"
    at: int = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        return KINDS[self.kind]

    @property
    def version(self) -> int:
        return len(self.said) + 1

    @property
    def people(self) -> set[str]:
        return {self.maker.person, *(account.person for account, _ in self.said)}

    def decide(self, who: Account, outcome: str, step: str, version: int, reason: str) -> str:
        if version <= len(self.said):
            return "same" if self.said[version - 1] == (who, outcome) else "AlreadyDecided"
        if self.state != "open":
            return "AlreadyDecided"
        if version != self.version or step != self.steps[self.at].name:
            return "StaleVersion"
        if not who.person:
            return "PersonUnknown"
        if who.person in self.people:
            return "SamePerson"
        if not who.active or who.role != ROLE_OF[self.steps[self.at].action]:
            return "NotYourTurn"
        if outcome != "approve" and not reason.strip():
            return "ReasonMissing"
        return self._say(who, outcome)

    def withdraw(self, who: Account, version: int) -> str:
        if not who.person or who.person != self.maker.person:
            return "NotTheMaker"
        if version <= len(self.said):
            return "same" if self.said[version - 1] == (who, "withdraw") else "AlreadyDecided"
        if self.state != "open":
            return "AlreadyDecided"
        if version != self.version:
            return "StaleVersion"
        if self.said:
            return "NotTheMaker"
        return self._say(who, "withdraw") if who.active else "PersonUnknown"

    def statement(
        self, who: Account, outcome: str, step: str, position: int, version: int, reason: str
    ) -> str:
        """A bare INSERT: whose turn it is by role is the program's to ask, natural persons are the database's."""
        allowed = (
            self.state == "open"
            and version == self.version
            and position == self.at + 1
            and step == self.steps[self.at].name
            and who.active
            and bool(who.person)
            and (bool(reason.strip()) or outcome not in ("return", "refuse"))
        )
        if outcome == "withdraw":
            allowed = allowed and who.person == self.maker.person and not self.said
        else:
            allowed = allowed and who.person not in self.people
        return self._say(who, outcome) if allowed else "refused"

    def _say(self, who: Account, outcome: str) -> str:
        self.said.append((who, outcome))
        if outcome == "approve" and self.at + 1 < len(self.steps):
            self.at += 1
        else:
            self.state = STATE[outcome]
        return "ok"


@dataclass
class Tally:
    """What a trial found. Only `answers` may be other than empty or nought."""

    sequences: int = 0
    acts: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.breaches and not self.disagreements


def answer_of(act: Callable[[], Any]) -> str:
    """What came of an act, in the model's words."""
    try:
        with transaction.atomic():
            act()
    except (*_REFUSALS,) as error:
        return type(error).__name__
    except IntegrityError:
        return "refused"
    except DatabaseError as error:
        return f"shown: {type(error).__name__}"
    return "ok"


_REFUSALS = (
    errors.AlreadyDecided,
    errors.AlreadyOpen,
    errors.NoSubject,
    errors.NotTheMaker,
    errors.NotYourTurn,
    errors.PersonUnknown,
    errors.ReasonMissing,
    errors.SamePerson,
    errors.StaleVersion,
)


class Sequence:
    """One thing and the matters about it, under random acts."""

    def __init__(self, stage: Stage, seed: int, tally: Tally) -> None:
        self.stage, self.tally, self.chance = stage, tally, random.Random(seed)
        self.name = f"seed {seed}"
        self.thing = uuid.uuid4()
        self.model: Model | None = None
        self.case: Case | None = None
        self.done: Counter[int] = Counter()  # version → how often its approval was carried out
        self.newest = 1
        self.closed: list[tuple[Case, Model]] = []
        stage.add(self.thing)

    def run(self, acts: int) -> None:
        self.hand_in()
        for _ in range(acts):
            chance = self.chance.random()
            if self.model is None or (self.model.state != "open" and chance < 0.4):
                self.hand_in()
            elif chance < 0.62:
                self.decide()
            elif chance < 0.78:
                self.statement()
            elif chance < 0.86:
                self.withdraw()
            elif chance < 0.96:
                self.edit()
            else:
                self.correct()
        self.look_back()
        self.tally.sequences += 1

    # --- acts, each by the model and by the database -----------------------------------------------

    def hand_in(self) -> None:
        maker = self.chance.choice([account for account in CAST if account.active])
        kind = self.chance.choice([*KINDS])
        version = self.newest
        held = self.frozen(version)
        running = (
            self.model is not None and self.model.state in ("open", "approved") and self.case is not None
        )
        same_kind = running and self.model.kind == kind and self.case.version == version  # type: ignore[union-attr]
        taken = same_kind or any(
            case.version == version and model.state == "approved" and model.kind == kind
            for case, model in self.closed
        )
        if held and not taken:
            return  # another kind of matter about a frozen version is another trial's business
        expected = "PersonUnknown" if not maker.person else "AlreadyOpen" if taken else "ok"
        made: list[Case] = []
        user = self.stage.users[maker.name]
        found = answer_of(lambda: made.append(self.stage.open(kind, self.thing, version, user)))
        self.compare("hand in", expected, found)
        if made and found == "ok":
            if self.case is not None and self.model is not None:
                self.closed.append((self.case, self.model))
            self.case, self.model = made[0], Model(kind, maker)

    def decide(self) -> None:
        who, outcome, step, version, reason = self._draw()
        assert self.case is not None and self.model is not None
        expected = self.model.decide(who, outcome, step, version, reason)
        user, case_id = self.stage.users[who.name], self.case.pk

        def act() -> None:
            services.decide(
                case_id=case_id, step=step, outcome=outcome, actor=user, version=version, reason=reason
            )

        self.compare(f"decide {who.name} {outcome}", expected, answer_of(act))
        if expected == "ok" and self.model.state == "approved":
            # Only here: a bare statement carries nothing out, what approval does is the program's.
            self.done[self.case.version] += 1
        if self.chance.random() < 0.15:  # the same click again
            expected = self.model.decide(who, outcome, step, version, reason)
            self.compare(f"again {who.name} {outcome}", expected, answer_of(act))

    def withdraw(self) -> None:
        assert self.case is not None and self.model is not None
        who = self.chance.choice([*CAST[:3], *CAST])
        version = self._version()
        expected = self.model.withdraw(who, version)
        user, case_id = self.stage.users[who.name], self.case.pk
        found = answer_of(lambda: services.withdraw(case_id=case_id, actor=user, version=version))
        self.compare(f"withdraw {who.name}", expected, found)

    def statement(self) -> None:
        """Around the program, claiming somebody else's natural person."""
        who, outcome, step, version, reason = self._draw()
        outcome = "withdraw" if self.chance.random() < 0.1 else outcome
        assert self.case is not None and self.model is not None
        position = self.model.at + 1 if self.chance.random() < 0.8 else self.chance.randint(1, 3)
        expected = self.model.statement(who, outcome, step, position, version, reason)
        user, case = self.stage.users[who.name], self.case
        claimed = self.stage.users["d-above"].holder_id
        found = answer_of(
            lambda: self.stage.sql(
                """INSERT INTO review_decision
                       (case_id, row_version, position, step, outcome, actor_id, holder_id, reason)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
                case.pk, version, position, step, outcome, user.pk, claimed, reason,
            )
        )  # fmt: skip
        self.compare(f"insert {who.name} {outcome}", expected, found)

    def edit(self) -> None:
        """At the console: change, remove or renumber a version."""
        version = self.chance.randint(1, self.newest)
        expected = "refused" if self.frozen(version) else "ok"
        change = self.chance.choice(["SET amount = amount + 1", "SET version = version + 100", None])
        if change is None or "version =" in change:
            expected = "refused" if self.frozen(version) else "skip"
        if expected == "skip":
            return
        where = "WHERE thing = %s AND version = %s"
        verb = (
            f"UPDATE {self.stage.table} {change} {where}"
            if change
            else f"DELETE FROM {self.stage.table} {where}"
        )
        self.compare("edit", expected, answer_of(lambda: self.stage.sql(verb, self.thing, version)))

    def correct(self) -> None:
        """A new version, as a correction of an approved one is."""
        self.newest += 1
        self.stage.add(self.thing, self.newest)

    # --- helpers ---------------------------------------------------------------------------------------

    def frozen(self, version: int) -> bool:
        matters = [*self.closed]
        if self.case is not None and self.model is not None:
            matters.append((self.case, self.model))
        return any(c.version == version and m.state in ("open", "approved") for c, m in matters)

    def _version(self) -> int:
        assert self.model is not None
        return self.model.version if self.chance.random() < 0.8 else self.chance.randint(1, 4)

    def _draw(self) -> tuple[Account, str, str, int, str]:
        assert self.model is not None
        step = self.model.steps[self.model.at]
        fitting = [account for account in CAST if account.role == ROLE_OF[step.action]]
        who = self.chance.choice(fitting if self.chance.random() < 0.75 else CAST)
        outcome = self.chance.choices(["approve", "return", "refuse"], [8, 1, 1])[0]
        named = step.name if self.chance.random() < 0.9 else self.chance.choice(["first", "second", "last"])
        return who, outcome, named, self._version(), self.chance.choice(["", "材料不全", "材料不全"])

    def compare(self, act: str, expected: str, found: str) -> None:
        self.tally.acts += 1
        self.tally.answers[found] += 1
        # A repeated click comes back as if it had worked; the rows below say that it was once.
        if found != ("ok" if expected == "same" else expected):
            note = f"{self.name}: {act}: expected {expected}, found {found}"
            (self.tally.breaches if found == "ok" else self.tally.disagreements).append(note)
        self.look()

    def look(self) -> None:
        """The rows, against the model."""
        if self.case is None or self.model is None:
            return
        self.case.refresh_from_db()
        rows = list(Decision.objects.filter(case=self.case).order_by("row_version").select_related("actor"))
        now = (self.case.state, self.case.position, self.case.row_version)
        then = (self.model.state, self.model.at + 1, self.model.version)
        said = [(row.actor.display_name, row.outcome) for row in rows]
        if now != then or said != [(account.name, outcome) for account, outcome in self.model.said]:
            self.tally.disagreements.append(f"{self.name}: {now} {said}, expected {then} {self.model.said}")

    def look_back(self) -> None:
        """At the end, without the model: nobody twice, nothing decided twice."""
        for case in Case.objects.filter(subject_type="trial", subject_id=str(self.thing)):
            self.tally.breaches += [f"{self.name}: {fault}" for fault in faults_of(case)]
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT version, done FROM {self.stage.table} WHERE thing = %s", [self.thing])
            found = dict(cursor.fetchall())
        if found != {version: self.done[version] for version in found} or set(self.done) - set(found):
            self.tally.breaches.append(f"{self.name}: carried out {found}, expected {dict(self.done)}")


def faults_of(case: Case) -> list[str]:
    """What must never be, read from the rows alone."""
    rows = list(Decision.objects.filter(case=case))
    faults = []
    deciders = [row.holder_id for row in rows if row.outcome != "withdraw"]
    if len({case.maker_holder_id, *deciders}) != 1 + len(deciders):
        faults.append("one person twice")
    if len({row.position for row in rows}) != len(rows) or len({row.row_version for row in rows}) != len(
        rows
    ):
        faults.append("a step decided twice")
    if any(row.holder_id != row.actor.holder_id for row in rows):
        faults.append("somebody else's natural person")
    if case.state == "approved" and [row.outcome for row in rows] != ["approve"] * len(case.steps):
        faults.append("approved without every step")
    return faults


def sequences(stage: Stage, seeds: range, acts: int = 8) -> Tally:
    """So many random sequences, each of its own seed."""
    tally = Tally()
    for seed in seeds:
        Sequence(stage, seed, tally).run(acts)
    return tally


# --- sixteen at once -----------------------------------------------------------------------------------


@dataclass
class Rounds:
    """What rounds of many reviewers at once found."""

    rounds: int = 0
    decisions: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    shown: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not self.shown and not self.faults


# Of sixteen reviewers of the county two pairs are one person each, and one is the maker.
SIXTEEN = tuple(
    Account(f"reviewer-{n}", {13: "R0", 14: "R1", 15: "M"}.get(n, f"R{n}"), "C1") for n in range(16)
)


class Crowd:
    """Sixteen reviewers, each with a connection of their own, and one who edits the row meanwhile."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.found = stage, Rounds()
        self.users = [stage.enter(account) for account in SIXTEEN]
        self.barrier = threading.Barrier(len(self.users) + 2)
        self.guard = threading.Lock()
        self.case: Case | None = None
        self.seed = 0
        people = [*enumerate(self.users), (-1, None)]
        self.threads = [threading.Thread(target=self._work, args=person, daemon=True) for person in people]
        for thread in self.threads:
            thread.start()

    def run(self, rounds: int) -> Rounds:
        try:
            for n in range(rounds):
                self._round(n)
        finally:
            self.case = None
            self.barrier.wait()
            for thread in self.threads:
                thread.join(30)
        return self.found

    def _round(self, n: int) -> None:
        thing = uuid.uuid4()
        self.stage.add(thing)
        self.seed = n
        self.case = self.stage.open("trial.pair", thing, 1, self.stage.users["maker"])
        self.barrier.wait()
        self.barrier.wait(120)
        case = Case.objects.get(pk=self.case.pk)
        self.found.rounds += 1
        self.found.decisions += case.decisions.count()
        faults = faults_of(case)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT done, amount FROM {self.stage.table} WHERE thing = %s", [thing])
            done, amount = cursor.fetchone()
        if done != (1 if case.state == "approved" else 0):
            faults.append(f"carried out {done} times")
        if case.state == "approved" and amount:
            faults.append("changed while it was frozen")
        if case.is_open:
            faults.append("sixteen reviewers and nobody finished")
        self.found.faults += [f"round {n}: {fault}" for fault in faults]

    def _work(self, number: int, user: User | None) -> None:
        try:
            while True:
                self.barrier.wait()
                if self.case is None:
                    return
                chance = random.Random(self.seed * 100 + number)
                answers = self._press(user, chance) if user is not None else [self._edit()]
                with self.guard:
                    self.found.answers.update(answers)
                    self.found.shown += [answer for answer in answers if answer.startswith("shown")]
                self.barrier.wait(120)
        finally:
            connections.close_all()

    def _press(self, user: User, chance: random.Random) -> list[str]:
        """Decide on what one sees; if somebody was faster, look again and press once more."""
        case, told = self.case, []
        assert case is not None
        for _ in range(4):
            outcome = chance.choices(["approve", "return", "refuse"], [18, 1, 1])[0]
            try:
                services.decide(
                    case_id=case.pk,
                    step=case.step,
                    outcome=outcome,
                    actor=user,
                    version=case.row_version,
                    reason="材料不全",
                )
            except errors.Conflict as conflict:
                told.append(type(conflict).__name__)
                case = conflict.case
                if not case.is_open:
                    break
            except (errors.SamePerson, errors.NotYourTurn) as refusal:
                told.append(type(refusal).__name__)
                break
            except DatabaseError as error:
                told.append(f"shown: {type(error).__name__}: {error}")
                break
            else:
                told.append("ok")
                break
        return told

    def _edit(self) -> str:
        assert self.case is not None
        thing = self.case.subject_id
        return "edit " + answer_of(
            lambda: self.stage.sql(
                f"UPDATE {self.stage.table} SET amount = amount + 1 WHERE thing = %s", thing
            )
        )


# --- killed while deciding -----------------------------------------------------------------------------


@dataclass
class Kills:
    """What came of processes that were killed while they decided."""

    kills: int = 0
    decided: int = 0
    faults: list[str] = field(default_factory=list)


def kill(stage: Stage, times: int, seed: int = 1) -> Kills:
    """kill -9 at random moments of a decision that dawdles: it stands as a whole or not at all, with its record."""
    chance, found = random.Random(seed), Kills()
    whole = sorted(_dawdle(stage, None) for _ in range(3))[1]
    for n in range(times):
        case = _dawdled(stage)
        _dawdle(stage, case, chance.uniform(0.2 * whole, 1.6 * whole))
        # Whoever was killed holds the row until the server has noticed.
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=case.pk)
        decided = case.decisions.count()
        told = Action.objects.filter(subject_id=str(case.pk), code="review.approve").count()
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT done FROM {stage.table} WHERE thing = %s", [case.subject_id])
            (done,) = cursor.fetchone()
        state = "approved" if decided else "open"
        if not (decided == told == done <= 1 and case.state == state):
            found.faults.append(f"kill {n}: {case.state}, {decided} decisions, {told} on record, done {done}")
        found.kills += 1
        found.decided += decided
    return found


def _dawdled(stage: Stage) -> Case:
    thing = uuid.uuid4()
    stage.add(thing)
    return stage.open("trial.one", thing, 1, stage.users["maker"])


def _dawdle(stage: Stage, case: Case | None, until: float = 60) -> float:
    """A process of its own decides, slowly; killed after so many seconds. Returns how long it lived."""
    matter = case or _dawdled(stage)
    known = procedures.procedure(matter.kind)

    def slowly(case: Case, actor: User) -> None:
        time.sleep(0.03)
        known.on_approved(case, actor)
        time.sleep(0.03)

    connections.close_all()  # a child must not speak on its parent's line
    began = time.monotonic()
    with warnings.catch_warnings():
        # Newer Pythons warn of other threads; the child needs none of their locks and never comes back.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            services.register(replace(known, on_approved=slowly))
            services.decide(
                case_id=matter.pk, step="first", outcome="approve", actor=stage.users["a-county"], version=1
            )
        finally:
            os._exit(0)
    over = False
    while not over and time.monotonic() - began < until:
        over = os.waitpid(child, os.WNOHANG) != (0, 0)
        time.sleep(0.001)
    lived = time.monotonic() - began
    if not over:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return lived
