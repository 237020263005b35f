"""Judges text: captions, alt text, file names, threads, and what was read out of a picture. Knows no pixels, no policy.

It sees names as plain data (`Named`) and answers with findings that show register ids and places, never the words.
"""

from consentguard.wording.names import Named
from consentguard.wording.screen import Rules, Screen, Spotted

__all__ = ["Named", "Rules", "Screen", "Spotted"]
