"""Key files of an installation that changes its sealing key."""

from __future__ import annotations

import json
from pathlib import Path

from registry.identity import keyring as keys


def made(folder: Path) -> dict[str, Path]:
    """With the old key alone, with both and the new one active, with the new one alone."""
    old = folder / "old.json"
    keys.new_key_file(old)
    content = json.loads(old.read_text())
    both = {**content, "enc": {"active": "k2", "keys": {**content["enc"]["keys"], "k2": keys._fresh()}}}
    new = {**both, "enc": {"active": "k2", "keys": {"k2": both["enc"]["keys"]["k2"]}}}
    paths = {"old": old, "both": folder / "both.json", "new": folder / "new.json"}
    paths["both"].write_text(json.dumps(both))
    paths["new"].write_text(json.dumps(new))
    return paths
