"""Pages: every row once, in order, both ways, whatever comes and goes meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Upper
from django.test.utils import CaptureQueriesContext

from registry.lib.paging import Page, keyset
from registry.people.models import Document, Person

pytestmark = pytest.mark.django_db

ORDER = ("-birth_date", "name", "id")


@pytest.fixture
def people() -> list[Person]:
    """Twenty-three people with many equal birth dates and names."""
    made = [
        Person(name=f"人{n % 3}", name_key=f"人{n % 3}", birth_date=date(1990, 1, 1) + timedelta(days=n % 4))
        for n in range(23)
    ]
    Person.objects.bulk_create(made)
    return list(Person.objects.order_by(*ORDER))


def walk(size: int, *, back: bool = False) -> list[Page[Person]]:
    pages = [keyset(Person.objects.all(), ORDER, "", size)]
    while pages[-1].next:
        pages.append(keyset(Person.objects.all(), ORDER, pages[-1].next, size))
    if back:
        pages = pages[-1:]
        while pages[-1].previous:
            pages.append(keyset(Person.objects.all(), ORDER, pages[-1].previous, size))
        pages.reverse()
    return pages


@pytest.mark.parametrize("size", [1, 5, 22, 23, 24])
@pytest.mark.parametrize("back", [False, True])
def test_every_row_once_and_in_order(people: list[Person], size: int, back: bool) -> None:
    pages = walk(size, back=back)
    assert [row for page in pages for row in page.rows] == people
    assert (pages[0].previous, pages[-1].next) == ("", "")


def test_rows_that_come_or_go_move_no_other_across_the_edge(people: list[Person]) -> None:
    first = keyset(Person.objects.all(), ORDER, "", 10)
    first.rows[-1].delete()
    Person.objects.create(name="新", name_key="新", birth_date=date(2000, 1, 1))
    assert keyset(Person.objects.all(), ORDER, first.next, 10).rows == people[10:20]


def test_the_page_beside_an_empty_one() -> None:
    assert keyset(Person.objects.all(), ORDER) == Page([], "", "")


def test_fields_of_others_annotations_and_plain_values(people: list[Person]) -> None:
    Document.objects.bulk_create(
        Document(person=person, kind="passport", sealed=b"", blind_index=bytes([n]) * 32, mask="*")
        for n, person in enumerate(people)
    )
    documents = Document.objects.select_related("person").annotate(loud=Upper("person__name"))
    order = ("loud", "-person__birth_date", "person", "id")
    whole = list(documents.order_by(*order))
    page = keyset(documents, order, "", 12)
    assert page.rows + keyset(documents, order, page.next, 12).rows == whole
    rows = Person.objects.values("id", born=F("birth_date"))
    plain = keyset(rows, ("born", "id"), "", 12)
    assert len(keyset(rows, ("born", "id"), plain.next, 12).rows) == 11


@pytest.mark.parametrize(
    "cursor",
    ["?", "AAAA", "W10", "WzAsIngiLCJ5IiwieiJd", "W1tbW1tb", "é", "x" * 5000, "bnVsbA", "WzAsMSwyLDNd"],
)
def test_a_cursor_that_cannot_be_read_gives_the_first_page(people: list[Person], cursor: str) -> None:
    assert keyset(Person.objects.all(), ORDER, cursor, 5).rows == people[:5]


def test_a_page_is_one_query(people: list[Person]) -> None:
    cursor = keyset(Person.objects.all(), ORDER, "", 5).next
    with CaptureQueriesContext(
        connection,
    ) as queries:
        keyset(Person.objects.all(), ORDER, cursor, 5)
    assert len(queries) == 1
