"""The report of certificates to headquarters or province (证书数据上报, T6) as an export of the list of certificates.

Codes as the upload sheets take them: 证件类型 201 for an identity card, the level as its digit, 其他 where nobody knows
the employer. Numbers of people are masked as in any export; whoever uploads asks for the same rows with numbers in
full, and a second person agrees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from django import forms
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _

from certificates.evaluations.models import Candidate
from certificates.issuance import queries
from certificates.issuance.entries import CANDIDATE
from certificates.issuance.forms import CertificateFilter
from certificates.issuance.models import Attestation, Certificate, Order
from registry.exports.sources import Asked, Line, Source
from registry.identity.current import keyring
from registry.identity.keyring import IDNO
from registry.lib.scope import Scope
from registry.people.models import Document

HEADINGS = (
    _("姓名"),
    _("证件类型"),
    _("证件号码"),
    _("所在单位"),
    _("职业名称"),
    _("工种名称"),
    _("职业技能等级"),
    _("证书编号"),
    _("发证日期"),
    _("评价机构"),
    _("发证机构"),
)
_SPAN = 1_000
_NO_EMPLOYER, _NO_TRADE = "其他", "--"
#: kind of document → code of the upload sheets (domain notes §2.8)
_KINDS = {
    "id_card": "201",
    "passport": "208",
    "hm_pass": "210",
    "tw_pass": "213",
    "foreign_pr": "215",
    "foreign_pr_old": "215",
    "hmt_permit": "210",
}


def numbers_of(candidates: Sequence[int]) -> Mapping[int, str]:
    """Candidate → number of the certificate that was signed for them."""
    found = Attestation.objects.filter(
        source_type=CANDIDATE, source_id__in=[str(pk) for pk in candidates], state=Attestation.State.SIGNED
    )
    return {int(source): number for source, number in found.values_list("source_id", "number")}


class ReportFilter(CertificateFilter):
    """What the list asks, and the order of one issue, as its page names it."""

    order = forms.UUIDField(label=_("签发单"), required=False)


def read(query: Mapping[str, str]) -> dict[str, str]:
    """The filter as an address holds it; what is wrong or empty is left out."""
    form = ReportFilter(query)
    form.is_valid()
    return {name: str(value) for name, value in form.cleaned_data.items() if value}


def words(asked: Asked) -> list[tuple[str, str]]:
    """The filter for people to read."""
    form = ReportFilter(asked)
    said = []
    for name, value in asked.items():
        field = form.fields[name]
        if name == "order":
            order = Order.objects.filter(pk=value).first()
            value = f"{order.get_family_display()} {order.issued_on}" if order else value
        said.append((str(field.label), str(dict(getattr(field, "choices", ())).get(value, value))))
    return said


def _found(scope: Scope, asked: Asked) -> QuerySet[Certificate]:
    form = ReportFilter(asked)
    form.is_valid()
    found = queries.filtered(queries.certificates(scope), **form.cleaned_data)
    if order := form.cleaned_data.get("order"):
        found = found.filter(pk__in=Attestation.objects.filter(order_id=order).values("pk"))
    return found


def count(scope: Scope, asked: Asked) -> int:
    """How many certificates those are."""
    return _found(scope, asked).count()


def lines(scope: Scope, asked: Asked, most: int) -> Iterator[Line]:
    """At most so many of them, in the order of registration, numbers masked."""
    return _spans(scope, asked, most, Document.objects.defer("sealed"), lambda document: document.mask)


def whole_lines(scope: Scope, asked: Asked, most: int) -> Iterator[Line]:
    """The same with numbers in full. Raises KeyringError where one cannot be opened."""
    ring = keyring()
    return _spans(
        scope,
        asked,
        most,
        Document.objects.all(),
        lambda document: ring.open_(bytes(document.sealed), IDNO, document.pk).decode(),
    )


def _spans(
    scope: Scope, asked: Asked, most: int, documents: QuerySet[Document], told: Callable[[Document], str]
) -> Iterator[Line]:
    rows = _found(scope, asked).select_related("person", "level", "institution").order_by("id")
    # The main document first, as on the certificate.
    main = Prefetch("person__documents", documents.order_by("-is_primary", "-created_at", "id"))
    chunk: list[Certificate] = []
    for row in rows.prefetch_related(main)[:most].iterator(chunk_size=_SPAN):
        chunk.append(row)
        if len(chunk) == _SPAN:
            yield from _lines(chunk, told)
            chunk = []
    yield from _lines(chunk, told)


def _lines(chunk: Sequence[Certificate], told: Callable[[Document], str]) -> Iterator[Line]:
    ids = [row.pk for row in chunk]
    made = {one.pk: one for one in Attestation.objects.filter(pk__in=ids).defer("sealed", "payload")}
    candidates = [int(one.source_id) for one in made.values() if one.source_type == CANDIDATE]
    employers = dict(Candidate.objects.filter(pk__in=candidates).values_list("pk", "employer"))
    for row in chunk:
        documents = list(row.person.documents.all())
        shown = row.person.restricted_at is None and bool(documents)
        one = made.get(row.pk)
        employer = employers.get(int(one.source_id), "") if one and one.source_type == CANDIDATE else ""
        body = str(one.printed.get("body", "")) if one else ""
        body = body or (row.institution.name if row.institution else "")
        yield (
            row.person_id,
            [
                row.person.called,
                _KINDS.get(documents[0].kind, "") if shown else "",
                told(documents[0]) if shown else "",
                employer or _NO_EMPLOYER,
                (one.occupation_name if one else "") or row.occupation_text,
                (one.direction if one else "") or _NO_TRADE,
                (row.level.code or row.level.name) if row.level else "",
                row.number,
                row.issued_on,
                body,
                row.institution.name if row.institution else "",
            ],
        )


UPLOAD_REPORT = Source(
    kind="certificate-report",
    label=_("证书数据上报表"),
    headings=HEADINGS,
    page="certificates:list",
    read=read,
    words=words,
    count=count,
    lines=lines,
    sibling="certificate-report-whole",
)

UPLOAD_REPORT_WHOLE = replace(
    UPLOAD_REPORT,
    kind="certificate-report-whole",
    label=_("证书数据上报表（完整号码）"),
    lines=whole_lines,
    whole=True,
    sibling=UPLOAD_REPORT.kind,
)
