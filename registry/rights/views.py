"""Pages of rights: what a person may ask, how far it is, and the desk where it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from registry.accounts.policy import can, requires
from registry.lib.web import listed
from registry.people import looking
from registry.people import queries as people
from registry.people.models import Person
from registry.rights import consents as consenting
from registry.rights import contributors, purposes, queries, retention, tasks
from registry.rights import copies as copying
from registry.rights import corrections as verbs
from registry.rights import erasures as erasing
from registry.rights.certifying import erasing_certificate
from registry.rights.forms import AnswerForm, CorrectionForm, HoldForm, PaperForm, RefusalForm
from registry.rights.models import ConsentText, Correction, Erasure
from registry.rights.wording import left


@require_GET
@requires("person.rights")
def home(request: Any) -> HttpResponse:
    """What I may ask, and what became of what I asked."""
    person = _own(request)
    return render(
        request,
        "registry/rights/home.html",
        {
            "person": person,
            "cases": [_shown(case) for case in queries.corrections_of(request.scope, person.pk)[:50]],
            "consents": consenting.standing(person, timezone.localdate()),
            "copies": copying.of_person(request.scope, person.pk),
            "erasures": erasing.of_person(request.scope, person.pk)[:10],
            "waiting": erasing.of_person(request.scope, person.pk).filter(state__in=Erasure.OPEN).first(),
            "until": _until(person),
            "menu": "rights:home",
        },
    )


@require_GET
@requires("person.correct_read")
def corrections(request: Any) -> HttpResponse:
    """Cases of the division or the school: what waits, oldest day first; or what has been answered."""
    done = request.GET.get("view") == "done"
    found = queries.corrections(request.scope)
    if done:
        found = found.exclude(state=Correction.State.OPEN)
        shown = listed(request, found, ["-answered_at", "-id"])
    else:
        shown = listed(request, queries.waiting(request.scope), ["due_on", "id"])
    today = timezone.localdate()
    return render(
        request,
        "registry/rights/corrections.html",
        {
            "list": shown,
            "rows": [(case, *left(case, today)) for case in shown.rows],
            "done": done,
            "overdue": queries.overdue(request.scope, today).count(),
        },
    )


@require_http_methods(["GET", "POST"])
@requires("person.correct_request")
def ask(request: Any, person_id: UUID | None = None) -> HttpResponseBase:
    """Ask for a correction: a trainee of their own facts, a school of a trainee's."""
    person = _own(request) if person_id is None else people.person(request.scope, person_id)
    if person is None:
        raise Http404
    records = contributors.records_of(request.scope, person)
    initial = {"fact": request.GET.get("fact", ""), "record": request.GET.get("record", "")}
    form = CorrectionForm(request.POST or None, records=records, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            case = verbs.ask(
                person,
                **{name: form.cleaned_data[name] for name in ("fact", "record", "proposed", "why")},
                actor=request.user,
                institution_id=request.scope.institution_id,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            told = {"number": case.number, "day": f"{case.due_on:%Y-%m-%d}"}
            messages.success(request, _("已受理，编号 %(number)s，最迟 %(day)s 答复。") % told)
            return redirect("rights:correction", case.pk)
    own = request.scope.kind == "own"
    context = {"form": form, "person": person, "own": own, "menu": _menu(request)}
    return render(request, "registry/rights/ask.html", context, status=422 if form.errors else 200)


@require_GET
@requires("person.correct_read")
def correction(request: Any, case_id: int) -> HttpResponse:
    """One case with what it says; whoever opens it is noted, as with the account itself."""
    case = _case(request, case_id)
    looking.note(case.person, reader=request.user, what="correction")
    return _correction(request, case, AnswerForm())


@require_POST
@requires("person.correct_approve")
def answer(request: Any, case_id: int) -> HttpResponseBase:
    """Answer a case, with the text that the asker reads."""
    case = _case(request, case_id)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _correction(request, case, form, status=422)
    approve = form.cleaned_data["outcome"] == AnswerForm.APPROVE
    try:
        verbs.answer(
            case_id, approve=approve, text=form.cleaned_data["text"], actor=request.user, scope=request.scope
        )
    except ValidationError as error:
        form.add_error(None, error)
        return _correction(request, _case(request, case_id), form, status=409)
    messages.success(request, _("已答复 %(number)s。") % {"number": case.number})
    return redirect("rights:corrections")


@require_POST
@requires("person.correct_request")
def withdraw(request: Any, case_id: int) -> HttpResponseBase:
    """Take a case back that nobody has answered."""
    case = _case(request, case_id)
    try:
        verbs.withdraw(case_id, actor=request.user, scope=request.scope)
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
    else:
        messages.success(request, _("已撤回 %(number)s。") % {"number": case.number})
    return redirect("rights:correction", case_id)


# --- consent -------------------------------------------------------------------------------------------


@require_POST
@requires("person.consent")
def give(request: Any, text_id: int) -> HttpResponseBase:
    """Agree to a text on screen."""
    if not ConsentText.objects.filter(pk=text_id).exists():
        raise Http404
    consenting.give(_own(request), text_id, actor=request.user)
    messages.success(request, _("已记下您的同意，可以随时撤回。"))
    return redirect("rights:home")


@require_http_methods(["GET", "POST"])
@requires("person.consent")
def withdraw_consent(request: Any, consent_id: int) -> HttpResponseBase:
    """Say what follows, then take a consent back."""
    person = _own(request)
    consent = person.consents.filter(pk=consent_id).select_related("text").first()
    if consent is None:
        raise Http404
    if request.method == "GET":
        return render(
            request, "registry/rights/withdraw_consent.html", {"consent": consent, "menu": "rights:home"}
        )
    consenting.withdraw(consent_id, person=person, actor=request.user)
    messages.success(request, _("已撤回。"))
    return redirect("rights:home")


@require_http_methods(["GET", "POST"])
@requires("person.consent_record")
def consents(request: Any) -> HttpResponseBase:
    """A school's trainees who have not agreed to a text yet, and the papers that they signed."""
    found_texts = consenting.texts(timezone.localdate())
    asked = request.GET.get("text", "")
    text = next((each for each in found_texts if str(each.pk) == asked), None) or next(
        iter(found_texts), None
    )
    if text is None:
        return render(request, "registry/rights/consents.html", {"text": None})
    klass = int(request.GET["klass"]) if request.GET.get("klass", "").isdigit() else None
    shown = listed(
        request, consenting.without(request.scope, text, klass=klass), ["name_key", "id"], size=100
    )
    form = PaperForm(
        request.POST or None,
        texts=found_texts,
        people=[person.pk for person in shown.rows],
        initial={"text": text.pk, "given_on": timezone.localdate()},
    )
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            n = consenting.record_paper(
                request.scope,
                given["people"],
                int(given["text"]),
                reference=given["reference"],
                given_on=given["given_on"],
                actor=request.user,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("已登记 %(n)s 人的纸质同意书。") % {"n": n})
            return redirect(request.get_full_path())
    context = {"text": text, "texts": found_texts, "list": shown, "form": form}
    return render(request, "registry/rights/consents.html", context, status=422 if form.errors else 200)


# --- copy ----------------------------------------------------------------------------------------------


@require_POST
@requires("person.copy")
def copy(request: Any) -> HttpResponseBase:
    """Have a copy made: at once, or in the background where it is large."""
    person = _own(request)
    try:
        made = copying.ask(person, actor=request.user)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
        return redirect("rights:home")
    if copying.is_large(request.scope, person):
        tasks.enqueue_copy(made.pk)
        messages.success(request, _("正在准备，好了就列在“信息副本”里。"))
    else:
        copying.make(made.pk)
        messages.success(request, _("已做好，可以下载。"))
    return redirect("rights:home")


@require_GET
@requires("person.copy")
def fetch_copy(request: Any, copy_id: UUID, form: str) -> HttpResponse:
    """A ready copy, as json or as pdf; nobody keeps it on the way."""
    found = copying.content(request.scope, copy_id)
    if found is None or form not in ("json", "pdf"):
        raise Http404
    body = copying.as_json(found) if form == "json" else copying.as_pdf(found)
    return _file(body, f"application/{form}", _("本人信息副本") + f".{form}")


@require_GET
@requires("person.rights")
def kept(request: Any) -> HttpResponse:
    """What is kept about me, why, for how long and who sees it: made from the register of purposes."""
    context = {
        "groups": purposes.page(),
        "rules": retention.rules(timezone.localdate()),
        "menu": "rights:home",
    }
    return render(request, "registry/rights/kept.html", context)


# --- erasing -------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@requires("person.erase_request")
def erase(request: Any) -> HttpResponseBase:
    """Say what would happen, then take the request."""
    person = _own(request)
    if request.method == "GET":
        until = _until(person)
        running = until is not None and until.until >= timezone.localdate()
        context = {"until": until, "running": running, "menu": "rights:home"}
        return render(request, "registry/rights/erase.html", context)
    try:
        case = erasing.ask(person, actor=request.user)
    except ValidationError as error:
        messages.info(request, " ".join(error.messages))
    else:
        messages.success(request, _("已受理，编号 %(number)s。") % {"number": case.number})
    return redirect("rights:home")


@require_POST
@requires("person.erase_request")
def take_back(request: Any, case_id: int) -> HttpResponseBase:
    """Change one's mind while nobody has agreed."""
    return _moved(
        request, case_id, lambda: erasing.take_back(case_id, actor=request.user, scope=request.scope)
    )


@require_GET
@requires("person.erase")
def erasures(request: Any) -> HttpResponse:
    """Cases of the division: those that wait to be put up, then the others."""
    found = erasing.erasures(request.scope)
    shown = listed(request, found, ["asked_at", "id"])
    return render(
        request,
        "registry/rights/erasures.html",
        {"list": shown, "refusal": RefusalForm(), "hold": HoldForm()},
    )


@require_POST
@requires("person.erase")
def propose(request: Any, case_id: int) -> HttpResponseBase:
    """Put a case before another supervisor."""
    return _moved(request, case_id, lambda: erasing.propose(case_id, actor=request.user, scope=request.scope))


@require_POST
@requires("person.erase")
def refuse(request: Any, case_id: int) -> HttpResponseBase:
    """Say no, with a reason that the person reads."""
    form = RefusalForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("请写明不予删除的理由。"))
        return redirect("rights:erasures")
    answer = form.cleaned_data["answer"]
    return _moved(
        request,
        case_id,
        lambda: erasing.refuse(case_id, actor=request.user, scope=request.scope, answer=answer),
    )


@require_POST
@requires("person.hold")
def hold(request: Any, case_id: int) -> HttpResponseBase:
    """Keep a record from being erased for now, or let it go again."""
    case = erasing.erasures(request.scope).filter(pk=case_id).first()
    form = HoldForm(request.POST)
    if case is None:
        raise Http404
    held = case.person.holds.filter(lifted_at=None).first()
    if held is not None:
        erasing.lift_hold(held.pk, actor=request.user)
        messages.success(request, _("已解除。"))
    elif form.is_valid():
        erasing.place_hold(case.person, reason=form.cleaned_data["reason"], actor=request.user)
        messages.success(request, _("已登记暂不得删除。"))
    else:
        messages.warning(request, _("请填写文号或案号。"))
    return redirect("rights:erasures")


@require_GET
@requires("person.erase")
def certificate(request: Any, case_id: int) -> HttpResponse:
    """What was destroyed, what stays, and until when backups hold it."""
    case = erasing.erasures(request.scope).filter(pk=case_id, state=Erasure.State.ERASED).first()
    if case is None:
        raise Http404
    return _file(erasing_certificate(case), "application/pdf", f"{case.number}.pdf")


def _moved(request: Any, case_id: int, verb: Callable[[], Any]) -> HttpResponseBase:
    if not erasing.erasures(request.scope).filter(pk=case_id).exists():
        raise Http404
    try:
        verb()
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    else:
        messages.success(request, _("已办理。"))
    return redirect("rights:home" if request.scope.kind == "own" else "rights:erasures")


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(body, content_type=kind, headers={**headers, "Cache-Control": "no-store"})


def _until(person: Person) -> retention.Kept | None:
    """None where it is not said how long such records are kept."""
    try:
        return retention.kept([person.pk], timezone.localdate()).get(person.pk)
    except retention.NoRule:
        return None


def _own(request: Any) -> Person:
    scope = request.scope
    person = people.person(scope, scope.person_id) if scope.kind == "own" else None
    if person is None:
        raise Http404
    return person


def _case(request: Any, case_id: int) -> Correction:
    case = queries.corrections(request.scope).filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def _shown(case: Correction) -> dict[str, Any]:
    words, tone = left(case, timezone.localdate())
    return {
        "case": case,
        "said": queries.said(case),
        "answer": queries.answered(case),
        "words": words,
        "tone": tone,
    }


def _correction(request: Any, case: Correction, form: AnswerForm, status: int = 200) -> HttpResponse:
    waits = case.state == Correction.State.OPEN
    context = {
        **_shown(case),
        "record": contributors.called(request.scope, case.person, case.record) if case.record else "",
        "form": form,
        "own": request.scope.kind == "own",
        "may_answer": waits and can(request.actor, "person.correct_approve"),
        "may_withdraw": waits and can(request.actor, "person.correct_request"),
        "by_program": case.fact in verbs.AMENDED,
        "menu": _menu(request),
    }
    return render(request, "registry/rights/correction.html", context, status=status)


def _menu(request: Any) -> str:
    return "rights:home" if request.scope.kind == "own" else "rights:corrections"
