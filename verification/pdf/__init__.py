"""A file, examined: raw bytes first, then pyHanko (its validating door). Pure: no clock, no network, no database."""

from verification.pdf.chain import Anchors
from verification.pdf.examine import examine

__all__ = ["Anchors", "examine"]
