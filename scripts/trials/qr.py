"""Codes of certificates as a camera sees them: read from a page printed at 300 dpi and from one shown at 72 dpi.

scripts/trials/qr [--count 500] [--seed 1] [--keep FOLDER] [--json]

Every certificate has a payload, a signature, names and a body of its own. Its page is drawn by PDFium at 300 dpi (a
print) or at 72 dpi (a page on a screen, where a module is a pixel and a half), turns by turns. Then it is photographed:
turned by up to 20 degrees and tilted, out of focus, lit from one side, with noise, and pressed into a JPEG.

ZXing reads the photo; what it reads must be, byte by byte, what was printed. Asked for: 99 of 100. The last line of
--json is one object.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import random
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "registry.config.settings")

import pypdfium2  # noqa: E402
import zxingcpp  # noqa: E402
from PIL import Image, ImageChops, ImageFilter, ImageOps  # noqa: E402

from certificates.issuance import cose, payload  # noqa: E402
from certificates.printing import pdf, samples, shipped  # noqa: E402

ASKED = 0.99
BODIES = (
    "红柳评价中心",
    "阿勒泰地区职业技能评价中心",
    "新疆某某职业技能等级认定服务有限公司",
    "新疆维吾尔自治区某某职业技能等级认定与职业培训发展中心有限责任公司",
)
OCCUPATIONS = (("6-18-02-04", "焊工"), ("4-10-01-05", "养老护理员"), ("4-07-05-04", "消防设施操作员"))
CODE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def content(drawn: random.Random) -> tuple[str, str]:
    """What the code of an invented certificate says, and its body."""
    code, name = drawn.choice(OCCUPATIONS)
    body = drawn.choice(BODIES)
    claims = payload.Claims(
        issuer="91650000MA77XXXX1X",
        number=f"S0000650001232{drawn.randrange(20, 30)}3{drawn.randrange(10**6):06d}",
        name="欧阳*",
        check=drawn.randbytes(8),
        occupation_code=code,
        occupation_name=name,
        level=drawn.randrange(2, 8),
        issued_on=date(2026, 1, 1 + drawn.randrange(28)),
        body=body,
        kid="".join(drawn.choices(CODE, k=8)),
        status_list=drawn.randrange(1, 100),
        status_index=drawn.randrange(131_072),
        salt=drawn.randbytes(8),
        family="skill_level",
        expires_on=None,
    )
    envelope = cose.envelope(payload.build(claims), claims.kid, cose.ED25519, drawn.randbytes(64))
    key = "".join(drawn.choices(CODE, k=16))
    return f"https://zs.example.gov.cn/v/{key}#{cose.fragment(envelope)}", body


def shown(card: pdf.Printed, dpi: int) -> Any:
    document = pypdfium2.PdfDocument(pdf.render([card], shipped.layout("skill_level")))
    page = document[0]
    picture = page.render(scale=dpi / 72, grayscale=True).to_pil()
    page.close()
    document.close()
    return picture


def photographed(picture: Any, dpi: int, drawn: random.Random) -> Any:
    """The lower part of the page, as somebody holds a telephone to it."""
    width, height = picture.size
    part = picture.crop((0, int(height * 0.66), int(width * 0.62), height))
    # A camera sees a print about as finely as 200 dots an inch, and each pixel of a screen some three times.
    grain = 200 / dpi * drawn.uniform(0.9, 1.3)
    if grain > 1:
        part = part.resize((round(part.width * grain), round(part.height * grain)), Image.Resampling.BICUBIC)
    else:
        part = part.resize((round(part.width * grain), round(part.height * grain)), Image.Resampling.LANCZOS)
    part = ImageOps.expand(part, border=round(part.width * 0.25), fill=drawn.randrange(90, 200))
    part = part.rotate(drawn.uniform(-20, 20), Image.Resampling.BICUBIC, fillcolor=140)
    part = _tilted(part, drawn)
    part = part.filter(ImageFilter.GaussianBlur(drawn.uniform(0.3, 1.0)))
    part = ImageChops.multiply(part, _light(part.size, drawn))
    part = ImageChops.add(part, _noise(part.size, drawn), scale=1.0, offset=-128)
    out = io.BytesIO()
    part.save(out, "JPEG", quality=drawn.randrange(55, 90))
    return Image.open(io.BytesIO(out.getvalue()))


def _tilted(picture: Any, drawn: random.Random) -> Any:
    """Seen from one side: two corners nearer than the others."""
    width, height = picture.size
    corners = [(0.0, 0.0), (0.0, float(height)), (float(width), float(height)), (float(width), 0.0)]
    most = 0.09 * min(width, height)
    seen = [(x + drawn.uniform(-most, most), y + drawn.uniform(-most, most)) for x, y in corners]
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, _perspective(corners, seen), Image.Resampling.BICUBIC
    )


def _perspective(there: list[tuple[float, float]], here: list[tuple[float, float]]) -> list[float]:
    """The eight numbers that take each point of `there` to one of `here`: linear equations, by elimination."""
    rows = []
    for (x, y), (u, v) in zip(there, here, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for at in range(8):
        best = max(range(at, 8), key=lambda row: abs(rows[row][at]))
        rows[at], rows[best] = rows[best], rows[at]
        rows[at] = [each / rows[at][at] for each in rows[at]]
        for other in range(8):
            if other != at:
                factor = rows[other][at]
                rows[other] = [a - factor * b for a, b in zip(rows[other], rows[at], strict=True)]
    return [row[8] for row in rows]


def _light(size: tuple[int, int], drawn: random.Random) -> Any:
    """Brighter on one side."""
    darkest = drawn.randrange(110, 200)
    ramp = Image.linear_gradient("L").point(lambda value: darkest + value * (255 - darkest) // 255)
    return ramp.rotate(drawn.uniform(0, 360), fillcolor=(darkest + 255) // 2).resize(size)


def _noise(size: tuple[int, int], drawn: random.Random) -> Any:
    """Grain around 128, as strong as that of a telephone's camera indoors."""
    most = drawn.uniform(5, 20)
    grain = Image.frombytes("L", size, drawn.randbytes(size[0] * size[1]))
    return grain.point(lambda value: round(128 + (value - 127.5) / 127.5 * most))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for the photos that were not read")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    began = time.monotonic()
    tried, read, wrong = {300: 0, 72: 0}, {300: 0, 72: 0}, 0
    for n in range(options.count):
        drawn = random.Random(f"{options.seed}:{n}")
        said, body = content(drawn)
        base = samples.sample("skill_level")
        dpi = (300, 72)[n % 2]
        card = pdf.Printed({**base.values, "body": body}, said, base.photo)
        photo = photographed(shown(card, dpi), dpi, drawn)
        found = [each.text for each in zxingcpp.read_barcodes(photo, formats=zxingcpp.BarcodeFormat.QRCode)]
        tried[dpi] += 1
        read[dpi] += said in found
        wrong += any(each != said for each in found)
        if said not in found and options.keep:
            options.keep.mkdir(exist_ok=True)
            photo.save(options.keep / f"{n}-{dpi}.jpg")
    share = {str(dpi): read[dpi] / max(1, tried[dpi]) for dpi in tried}
    whole = sum(read.values()) / max(1, options.count)
    summary = {
        "photos": options.count,
        "read": sum(read.values()),
        "share": round(whole, 4),
        "share_by_dpi": {dpi: round(each, 4) for dpi, each in share.items()},
        "read_wrong": wrong,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(summary) if options.json else json.dumps(summary, indent=1))
    return 0 if math.isclose(whole, ASKED) or (whole > ASKED and not wrong) else 1


if __name__ == "__main__":
    raise SystemExit(main())
