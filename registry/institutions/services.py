"""Verbs that write institutions: register them, file what they may do, remember how they are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from registry.audit.services import Account, record
from registry.identity import credit_codes
from registry.institutions.models import Filing, FilingPurpose, Institution, InstitutionAlias, InstitutionKind
from registry.institutions.queries import resolve_names
from registry.lib.text import org_key

__all__ = ["NewFiling", "NewInstitution", "add_aliases", "file_scope", "register", "resolve_names"]


@dataclass(frozen=True, slots=True)
class NewInstitution:
    """What is known of an institution that is to be registered; `region` is a division's code."""

    name: str
    region: str
    kind: str = InstitutionKind.SCHOOL
    credit_code: str = ""
    address: str = ""
    licence_no: str = ""
    aliases: Sequence[str] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class NewFiling:
    """One line of a filing; `level` is a rank, None for all levels; both days are inclusive."""

    institution_id: int
    occupation_id: int
    valid_from: date
    valid_to: date | None = None
    level: int | None = None
    purpose: str = FilingPurpose.TRAIN
    document_no: str = ""


@transaction.atomic
def register(rows: Iterable[NewInstitution], *, actor: Account | None, reason: str = "") -> list[Institution]:
    """Register institutions, all or none; one action for the set.

    Raises ValidationError with one Chinese message for each row at fault: a name or code that is taken or
    comes twice, a name without characters, a credit code that is not one.
    """
    given = list(rows)
    faults = _faults(given)
    if faults:
        raise ValidationError([_("第%(row)s行：%(why)s") % {"row": n, "why": why} for n, why in faults])
    made = Institution.objects.bulk_create(
        Institution(
            name=row.name,
            name_key=org_key(row.name),
            credit_code=_code(row) or None,
            kind=row.kind,
            region_id=row.region,
            address=row.address,
            licence_no=row.licence_no,
            active=row.active,
        )
        for row in given
    )
    InstitutionAlias.objects.bulk_create(
        [
            InstitutionAlias(name=alias, name_key=org_key(alias), institution=institution)
            for institution, row in zip(made, given, strict=True)
            for alias in row.aliases
            if org_key(alias)
        ],
        ignore_conflicts=True,
    )
    if made:
        record(
            code="institutions.register",
            actor=actor,
            subject_type="institution",
            subject_id=made[0].pk if len(made) == 1 else "",
            n=len(made),
            reason=reason,
            after={"ids": [institution.pk for institution in made]},
        )
    return made


def _code(row: NewInstitution) -> str:
    return credit_codes.normalise_code(row.credit_code).value


def _faults(rows: Sequence[NewInstitution]) -> list[tuple[int, str]]:
    """(row from 1, why) of rows that cannot be registered."""
    taken = resolve_names([value for row in rows for value in (row.name, row.credit_code) if value])
    seen: set[str] = set()
    found = []
    for n, row in enumerate(rows, 1):
        key, code = org_key(row.name), _code(row)
        if not key:
            found.append((n, _("机构名称不能为空。")))
        elif code and (why := credit_codes.check(code).message):
            found.append((n, why))
        elif row.name in taken:
            found.append((n, _("已有同名机构或别名“%(name)s”。") % {"name": row.name}))
        elif row.credit_code in taken:
            found.append((n, _("统一社会信用代码已被登记。")))
        elif key in seen or (code and code in seen):
            found.append((n, _("与前面的行重复。")))
        seen |= {key, code} - {""}
    return found


@transaction.atomic
def file_scope(rows: Iterable[NewFiling], *, actor: Account | None, reason: str = "") -> int:
    """File what institutions may train or assess; a line filed before gets its new last day and document.

    Returns how many lines were given. Raises IntegrityError for an unknown institution, occupation or level,
    and for a last day before the first.
    """
    lines = {
        (row.institution_id, row.purpose, row.occupation_id, row.level, row.valid_from): Filing(
            institution_id=row.institution_id,
            purpose=row.purpose,
            occupation_id=row.occupation_id,
            level_id=row.level,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            document_no=row.document_no,
        )
        for row in rows
    }
    if not lines:
        return 0
    Filing.objects.bulk_create(
        lines.values(),
        update_conflicts=True,
        update_fields=["valid_to", "document_no"],
        unique_fields=["institution", "purpose", "occupation", "level", "valid_from"],
    )
    concerned = sorted({key[0] for key in lines})
    record(
        code="institutions.file",
        actor=actor,
        subject_type="institution",
        subject_id=concerned[0] if len(concerned) == 1 else "",
        n=len(lines),
        reason=reason,
        after={"institutions": concerned},
    )
    return len(lines)


@transaction.atomic
def add_aliases(names: Mapping[str, int], *, actor: Account | None, reason: str = "") -> int:
    """Remember names by which institutions go (name -> id); a later answer replaces an earlier."""
    aliases = {
        key: InstitutionAlias(name=name, name_key=key, institution_id=institution)
        for name, institution in names.items()
        if (key := org_key(name))
    }
    if not aliases:
        return 0
    InstitutionAlias.objects.bulk_create(
        aliases.values(),
        update_conflicts=True,
        update_fields=["name", "institution"],
        unique_fields=["name_key"],
    )
    record(
        code="institutions.alias",
        actor=actor,
        subject_type="institution",
        n=len(aliases),
        reason=reason,
        after={"aliases": {alias.name: alias.institution_id for alias in aliases.values()}},
    )
    return len(aliases)
