"""Printing certificates: fonts, layouts as data, pages that are the same bytes every time, copies and their paper."""
