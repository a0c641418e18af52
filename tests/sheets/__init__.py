"""Workbooks for tests, made by hand: every cell type, every format, byte for byte the same each time.

No spreadsheet library writes the faults that real files have (a formula without a cached value, an identity
number stored as a float, a hidden sheet in front), so the four formats are written here from their published
layouts, in as few parts as readers insist on.
"""

from __future__ import annotations
