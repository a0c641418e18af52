"""Every template compiles, names pages that exist, and keeps to the policy sent with every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.translation import override

ROOT = Path(settings.BASE_DIR)
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STYLES = sorted(path for path in (ROOT / "registry" / "static").rglob("*.css") if "vendor" not in path.parts)
ELSEWHERE = re.compile(
    r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//|url\(\s*["']?(?:https?:)?//|@import"""
)
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style\b|\sstyle=|\son[a-z]+\s*=|javascript:", re.I
)
URL_NAME = re.compile(r"""\{%\s*url\s+["']([^"']+)["']""")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def names(resolver: URLResolver, prefix: str = "") -> set[str]:
    found: set[str] = set()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern, f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(prefix + pattern.name)
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_template_compiles(path: Path) -> None:
    with override("zh-hans"):
        get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_template_names_pages_that_exist(path: Path) -> None:
    used = set(URL_NAME.findall(path.read_text("utf-8")))
    assert used <= names(get_resolver()), used - names(get_resolver())


@pytest.mark.parametrize("path", [*TEMPLATES, *STYLES], ids=relative)
def test_nothing_is_loaded_from_elsewhere(path: Path) -> None:
    assert not ELSEWHERE.search(path.read_text("utf-8"))


@pytest.mark.parametrize("path", TEMPLATES, ids=relative)
def test_no_script_or_style_within_a_page(path: Path) -> None:
    assert not (found := INLINE.search(path.read_text("utf-8"))), found


def test_templates_mirror_rooms() -> None:
    """templates/<app>/<room>/…: what draws a page is found by the room's name."""
    for path in TEMPLATES:
        app, *rest = path.relative_to(ROOT / "templates").parts
        if app in {"registry", "certificates", "training"} and len(rest) > 1:
            assert (ROOT / app / rest[0]).is_dir(), path
