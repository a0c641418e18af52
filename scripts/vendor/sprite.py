"""Make one SVG sprite of the icons named in icons.txt: `sprite.py FOLDER_OF_OUTLINE_SVGS > sprite.svg`.

Every icon keeps its drawing and becomes `<symbol id="i-NAME">`; stroke and fill come from the page's own CSS.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

NAMES = Path(__file__).with_name("icons.txt")


def symbol(name: str, svg: str) -> str:
    """The drawing inside one 24 × 24 icon, without the comment, the frame and the blank bounding box."""
    inner = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    inner = inner[inner.index(">") + 1 : inner.rindex("</svg>")]
    drawing = re.sub(r">\s+<", "><", inner).strip()
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{drawing}</symbol>'


def main() -> None:
    folder = Path(sys.argv[1])
    names = NAMES.read_text("utf-8").split()
    symbols = [symbol(name, (folder / f"{name}.svg").read_text("utf-8")) for name in names]
    print('<svg xmlns="http://www.w3.org/2000/svg">' + "".join(symbols) + "</svg>")


if __name__ == "__main__":
    main()
