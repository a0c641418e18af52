"""The one exception of every cell parser in this package."""

from __future__ import annotations


class Unreadable(ValueError):
    """A cell that cannot be read.

    Its text is Chinese, says what to do, and holds nothing of the cell: it may be shown, stored and logged.
    """
