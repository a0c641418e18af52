"""Portraits that certificates are printed with: looked at byte by byte, stripped of metadata, kept sealed.

No picture is decoded here: what strangers hand in meets no image library before printing, and what is kept is only
what a JPEG needs to be drawn. Sizes are dated figures (样式规范 2022: one inch, white ground, colour).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from certificates.evaluations.models import Photo
from registry.accounts.models import User
from registry.audit import services as audit
from registry.identity.current import keyring
from registry.identity.keyring import PHOTO
from registry.identity.uuid7 import uuid7
from registry.lib import figures
from registry.people import rotation
from registry.people.models import Person

_SOI, _EOI = 0xD8, 0xD9
_SOS = 0xDA
_SIZES = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive; others no printer draws
_DROPPED = {*range(0xE1, 0xF0), 0xFE}  # application data but JFIF, and comments: places, cameras, names
_COLOURS = 3
_AT_ONCE = 500  # so many are sealed anew in one transaction


class BadPhoto(ValueError):
    """The picture cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A checked JPEG without metadata, and its size in pixels."""

    data: bytes
    width: int
    height: int


def checked(data: bytes) -> Picture:
    """The picture as it is kept. Raises BadPhoto."""
    if len(data) > (most := figures.number("photo.most_bytes")):
        raise BadPhoto(_("照片超过 %(n)s KB，请压缩后再上传。") % {"n": most // 1024})
    picture = _stripped(data)
    if not (
        picture.width >= figures.number("photo.least_width")
        and picture.height >= figures.number("photo.least_height")
    ):
        raise BadPhoto(
            _("照片至少 %(w)s×%(h)s 像素，现为 %(width)s×%(height)s。")
            % {
                "w": figures.number("photo.least_width"),
                "h": figures.number("photo.least_height"),
                "width": picture.width,
                "height": picture.height,
            }
        )
    if max(picture.width, picture.height) > figures.number("photo.most_side"):
        raise BadPhoto(_("照片边长超过 %(n)s 像素，请缩小。") % {"n": figures.number("photo.most_side")})
    ratio = picture.height * 100 / picture.width
    if not figures.number("photo.least_ratio") <= ratio <= figures.number("photo.most_ratio"):
        raise BadPhoto(_("照片应为竖幅一寸证件照，高宽比约 1.4。"))
    return picture


def _stripped(data: bytes) -> Picture:
    """Walk the segments up to the picture itself, dropping what says more than how it looks."""
    if data[:2] != bytes((0xFF, _SOI)):
        raise BadPhoto(_("不是 JPG 照片。"))
    kept, at, size = bytearray(data[:2]), 2, None
    while True:
        if at + 4 > len(data) or data[at] != 0xFF:
            raise BadPhoto(_("照片已损坏，请重新选择。"))
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if 0xD0 <= marker <= 0xD9 or marker == 0x01:
            raise BadPhoto(_("照片已损坏，请重新选择。"))
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + 2 + length]
        if length < 2 or len(segment) < 2 + length:
            raise BadPhoto(_("照片已损坏，请重新选择。"))
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            size = _size(marker, segment, size)
        if marker not in _DROPPED:
            kept += segment
        at += 2 + length
        if marker == _SOS:
            break
    if size is None:
        raise BadPhoto(_("照片已损坏，请重新选择。"))
    end = data.rfind(bytes((0xFF, _EOI)))
    if end < at:
        raise BadPhoto(_("照片不完整，请重新选择。"))
    # Whatever was appended after the picture is left out.
    kept += data[at : end + 2]
    return Picture(bytes(kept), *size)


def _size(marker: int, segment: bytes, before: tuple[int, int] | None) -> tuple[int, int]:
    if before is not None or marker not in _SIZES or len(segment) < 10:
        raise BadPhoto(_("照片的编码方式不能打印，请另存为普通 JPG。"))
    if segment[9] != _COLOURS:
        raise BadPhoto(_("应为彩色照片。"))
    height, width = int.from_bytes(segment[5:7], "big"), int.from_bytes(segment[7:9], "big")
    if not width or not height:
        raise BadPhoto(_("照片已损坏，请重新选择。"))
    return width, height


@transaction.atomic
def keep(person: Person, data: bytes, *, actor: User | None) -> Photo:
    """Keep somebody's portrait in place of the one before. Raises BadPhoto."""
    picture = checked(data)
    row = uuid7()
    audit.record(
        code="evaluations.keep_photo",
        actor=actor,
        subject_type="person",
        subject_id=person.pk,
        person_id=person.pk,
    )
    Photo.objects.filter(person=person, kind=Photo.Kind.PORTRAIT).delete()
    return Photo.objects.create(
        id=row,
        person=person,
        sealed=keyring().seal(picture.data, PHOTO, row),
        sha256=sha256(picture.data).hexdigest(),
        width=picture.width,
        height=picture.height,
        added_by=actor,
        added_at=timezone.now(),
    )


def photos_of(person_ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """Person → JPEG, of those who have one. One query; opened with the keys of this process."""
    ring = keyring()
    found = Photo.objects.filter(person_id__in=list(person_ids), kind=Photo.Kind.PORTRAIT)
    return {
        person: ring.open_(bytes(sealed), PHOTO, row)
        for person, row, sealed in found.values_list("person_id", "id", "sealed")
    }


def with_photo(person_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the people who have one; nothing is opened."""
    found = Photo.objects.filter(person_id__in=list(person_ids), kind=Photo.Kind.PORTRAIT)
    return set(found.values_list("person_id", flat=True))


def register() -> None:
    """Tell the rotation of keys where portraits lie."""
    rotation.register(PHOTO, _lazy("证件照"), rotation.Sealed("evaluations_photo", most=_AT_ONCE))
