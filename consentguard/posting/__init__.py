"""Posting to X: a client that cannot post what was not released. Needs the extra `[posting]`.

from consentguard.posting import Poster
poster = Poster.open(channel="main")
poster.post("Our sunflowers", [released], channel="main", by="Miriam Castlegate")
"""

from consentguard.program import install_command

try:
    from consentguard.posting.aio import AsyncPoster
    from consentguard.posting.draft import Part
    from consentguard.posting.errors import PostingFailed
    from consentguard.posting.poster import Poster
    from consentguard.posting.retries import Patience
    from consentguard.posting.settling import Posted
    from consentguard.posting.x import X
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.msg}. consentguard.posting needs an extra: {install_command('posting')}", name=error.name
    ) from error

__all__ = ["AsyncPoster", "Part", "Patience", "Posted", "Poster", "PostingFailed", "X"]
