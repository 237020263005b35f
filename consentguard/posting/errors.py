"""What can go wrong at X, each with a name of its own.

    CannotTell
    `- PostingFailed          X did not do what it was asked
       |- Unreachable         no connection: nothing was sent
       |- TimedOut            no answer in time
       |- ConnectionLost      the connection broke before the answer was whole
       |- RateLimited         429; `reset` says until when, where X does
       |- ServerFault         5xx
       |- CredentialsRefused  401
       |- CreditsExhausted    402
       |- NotPermitted        403: the app's permissions or access tier do not allow it
       |  `- SaidBefore       403: X holds the text for a repetition
       |- Rejected            any other 4xx: X does not want this content
       |  `- NotThere         404: no such post or account, or not any more
       |- Redirected          3xx: something between here and X answers in its place
       |- NotUnderstood       an answer that is not X's: HTML, broken JSON, no id in it
       |- DeletedAtNetwork    it was posted before, and X does not show it any more
       |- Unconfirmed         it may have been posted, and X could not say; never sent again until it can
       `- PartlyPosted        a part of a thread stands and could not be taken back

Every message names the call, the reason and what to do next; none holds a header, a body or a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from consentguard.errors import CannotTell, Refused
from consentguard.values import Outcome, Verdict


class PostingFailed(CannotTell):
    """X did not do what it was asked.

    Attributes:
        call: which call, in plain words.
        why: it failed, without what to do next.
        may_have_happened: X may have done it all the same; a post is then looked for before anything is sent again.
        passes: waiting may help, so the call is tried again by itself.
    """

    may_have_happened: ClassVar[bool] = False
    passes: ClassVar[bool] = False
    next_step: ClassVar[str] = "Nothing was posted; try again later."

    def __init__(self, call: str, why: str, next_step: str = "") -> None:
        super().__init__(f"{call}: {why}. {next_step or self.next_step}")
        self.call = call
        self.why = why


class Unreachable(PostingFailed):
    """No connection to X came about; nothing was sent."""

    passes = True
    next_step = "Nothing was posted. Check the network and the proxy with `consentguard posting doctor`."


class TimedOut(PostingFailed):
    """X did not answer in time."""

    may_have_happened = passes = True


class ConnectionLost(PostingFailed):
    """The connection broke before the answer was whole."""

    may_have_happened = passes = True


class RateLimited(PostingFailed):
    """X takes no more calls of this kind for now; `reset` is when it will again, None where X does not say."""

    passes = True

    def __init__(self, call: str, reset: datetime | None) -> None:
        when = f"until {reset:%H:%M:%S %Z on %d %B}" if reset else "for a while it does not name"
        super().__init__(call, f"X takes no more of these {when} (429)")
        self.reset = reset


class ServerFault(PostingFailed):
    """X has a fault of its own (5xx)."""

    may_have_happened = passes = True


class CredentialsRefused(PostingFailed):
    """X does not know these keys (401)."""

    next_step = "Nothing was posted. Check keys and clock with `consentguard posting doctor`."


class CreditsExhausted(PostingFailed):
    """The developer account has no credits left (402)."""

    next_step = "Nothing was posted. Buy credits in X's developer console; posts are paid for each by itself."


class NotPermitted(PostingFailed):
    """The app's permissions, or what the developer account pays for, do not allow this call (403)."""

    next_step = "Nothing was posted. `consentguard posting doctor` shows what these keys may do."


class SaidBefore(NotPermitted):
    """X holds the text for a repetition of a recent post (403)."""

    may_have_happened = True
    next_step = "Change the text, or look at the account: it may stand there already."


class Rejected(PostingFailed):
    """X does not want what was sent (any other 4xx)."""

    next_step = "Nothing was posted; change the text or the photos."


class NotThere(Rejected):
    """There is no such post or account, or not any more (404)."""


class Redirected(PostingFailed):
    """The answer points elsewhere; X never does that, so something between here and X answered."""

    may_have_happened = True
    next_step = "Log in to the school's network, or name its proxy in HTTPS_PROXY."


class NotUnderstood(PostingFailed):
    """The answer is not one of X's: HTML, broken JSON, or JSON without what was asked for."""

    may_have_happened = passes = True


class DeletedAtNetwork(PostingFailed):
    """The same was posted before, and X does not show it any more: somebody deleted it there. `post` is its id."""

    def __init__(self, post: str) -> None:
        super().__init__(
            "posting",
            f"this was posted before as https://x.com/i/status/{post}, and X does not show that post any more. "
            "Somebody deleted it at X",
            "Nothing was sent. To post it again, say so: --again (in a program again=True).",
        )
        self.post = post


class Unconfirmed(PostingFailed):
    """The post may stand. It is not sent again until X shows it, a person has looked, or half an hour has passed."""

    may_have_happened = True


class PartlyPosted(PostingFailed):
    """Parts of a thread stand and could not be taken back; `posts` are their ids."""

    may_have_happened = True

    def __init__(self, call: str, why: str, posts: Sequence[str]) -> None:
        links = ", ".join(f"https://x.com/i/status/{post}" for post in posts)
        super().__init__(call, why, f"Delete by hand: {links}.")
        self.posts = tuple(posts)


class OutsidePoster(Refused):
    """Something tried to post, upload or change beside the methods that check; not one byte of it was sent."""

    def __init__(self, what: str) -> None:
        verdict = Verdict("request", Outcome.REFUSED, reasons=("outside-poster",))
        super().__init__(f"{what}: refused, because nothing reaches X but through Poster; call its post().", verdict)
