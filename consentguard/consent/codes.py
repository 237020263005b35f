"""Every code that a verdict may carry as a reason or as the rule of a finding.

`docs/codes.md` lists them with the sentence of SCH 026 each comes from; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from consentguard.errors import CannotTell
from consentguard.values import Verdict

_OF_BOTH: Final = {
    "surname": "a pupil's surname is written",
    "maybe-surname": "what may be a pupil's surname is written",
    "text-too-long": "a text is longer than what is judged at once",
    "name-with-image": "a pupil's first name stands beside an image",
    "individually-targeted": "one person is spoken to instead of a class or everybody",
    "offensive-language": "a word is on the list of offensive language",
    "remark-at-school": "it runs down the school or somebody who belongs to it",
    "copyright-notice": "somebody else's copyright or credit is named",
    "surname-in-picture": "a pupil's surname was read in the picture",
    "foreign-notice": "the file names somebody else as its author or owner",
    "not-called-suitable": "nobody has called it suitable, as policy asks for on this channel",
}
"""Codes of a reason and of its finding alike."""

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "unapproved-face": "a face is shown of somebody whose consent for this channel is not known",
        "nothing-may-remain": "what policy lets remain of an unapproved person cannot be kept without showing more",
        "too-little-left": "too little would remain of the picture for it to be worth publishing",
        "faces-overlap": "the face of somebody who may not be seen meets that of somebody who may",
        "declared-not-approved": "somebody named as shown may not be shown on this channel",
        "declared-not-permitted": "somebody named as shown must not be published at all",
        "more-faces-than-declared": "there are more faces than people were named",
        "no-face-refused": "no face was found, and policy wants a person to look at such photos",
        **_OF_BOTH,
        "unread-text": "text in the picture was not read, or not surely, and policy asks for that",
        "file-name": "the file is named after a pupil; a released copy is not",
        "not-a-file": "pixels were handed in, so there is no file that could go as it is; a released copy is one",
        "metadata": "the file carries more than its pixels",
        "too-large": "the photo is larger than policy publishes, so smaller faces than were looked for could be seen",
        "custom-part": "it was made by a guard with parts of its own, which policy does not name",
        "policy-changed": "it was released under another policy than today's",
        "other-channel": "it was released for another channel",
        "not-now": "policy does not let this channel post at this time",
        "refused-by-person": "a person has nothing of it published",
        "revoked": "a person took the release back",
        "consent-gone": "somebody shown has no consent any more",
        "not-looked-into": "files of this kind may hold pictures and are not looked into, and policy does not list it",
        "lfs-pointer": "only a Git LFS pointer is here, not the file it stands for",
        "pieces-of-a-picture": "small pictures of one folder are pieces of one picture, which was not seen whole",
        "leads-elsewhere": "a symbolic link leads to what does not go with it, so what would be shown is not known",
        "alt-text-missing": "a photo has no description, and policy wants one that a person wrote",
        "wrong-account": "the keys are another account's than the channel's",
        "not-in-ledger": "the release ledger does not know it as a standing post of a class account",
        "outside-poster": "something would have reached X beside the methods that check",
        "unreadable-image": "the file could not be read as one whole picture",
        "model-unavailable": "a model is missing or altered",
        "register-invalid": "the consent register has mistakes",
        "policy-invalid": "the policy has mistakes",
        "verification-failed": "the second pass, over the finished bytes, found what may not be there",
        "audit-failed": "the audit trail could not be written or trusted",
        "tags-do-not-fit": "what a person said of its faces does not fit the photo",
        "template-store-error": "the face templates could not be used",
        "cannot-tell": "a file or folder could not be written",
    }
)
"""Why an outcome came about: code -> one plain sentence."""

FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        "no-face-found": "no face was found",
        "too-small-for-a-face": "the picture is smaller than the smallest face that counts",
        "metadata-dropped": "the source file carried more than its pixels; a released copy does not",
        "fewer-faces-than-declared": "fewer faces were found than people named",
        "not-sure-who": "a face is like somebody enrolled, but not surely enough",
        "declared-not-approved": "this person may not be shown on this channel",
        "declared-not-permitted": "this person must not be published at all",
        "tagged-not-approved": "somebody tagged may not be shown on this channel, and is hidden",
        "refused-by-person": "a person has nothing of it published",
        "called-nobody": "a person said that a face is nobody: a picture, a statue, or no face",
        "outside-hours": "it is not between the hours in which policy lets this channel post",
        "outside-days": "it is not one of the days on which policy lets this channel post",
        "review-overdue": "the governing body should have reviewed the policy by now",
        "no-register": "there is no register, so no surname of a pupil was looked for",
        **_OF_BOTH,
        "text-not-read": "text in the picture was not read; the extra [ocr] reads printed text only",
        "writing-not-sure": "there is writing that was seen and not surely read; only printed text is read",
        "file-name": "the file is named after a pupil; a released copy is not",
    }
)
"""What a person should know: rule -> one plain sentence."""

NOTES = frozenset(
    {
        "tagged-not-approved",
        "no-face-found",
        "too-small-for-a-face",
        "metadata-dropped",
        "fewer-faces-than-declared",
        "not-sure-who",
        "outside-hours",
        "outside-days",
        "review-overdue",
        "no-register",
        "text-not-read",
        "writing-not-sure",
    }
)
"""Findings that only inform: they do not keep a photo from being publishable as it is (docs/decisions/0002)."""

OF_THE_RUN = frozenset({"outside-hours", "outside-days", "review-overdue", "no-register", "text-not-read"})
"""Findings about the moment or the installation: the same for every photo of a run, so said once."""

OVERRIDABLE = frozenset(
    {
        "not-now",
        "no-face-refused",
        "maybe-surname",
        "name-with-image",
        "individually-targeted",
        "offensive-language",
        "remark-at-school",
        "copyright-notice",
        "foreign-notice",
        "unread-text",
    }
)
"""Reasons that a policy may let named people override. None of them is about consent, and none may ever be."""

_NEXT_STEPS: Mapping[str, str] = MappingProxyType(
    {
        "unapproved-face": "Say who is shown, where consent was given: --people ID,ID --by NAME, or face by face "
        "--tag N=ID --by NAME, with the numbers that `consentguard inspect` draws.",
        "declared-not-approved": "Leave that person out of the photo, or declare nobody so that every face is hidden.",
        "declared-not-permitted": "Do not publish this photo.",
        "more-faces-than-declared": "Name everybody shown, tag whoever shall be hidden (--tag N=hide), or declare "
        "nobody so that every face is hidden.",
        "nothing-may-remain": "Take a photo of hands or work, or let policy keep `body` to have the heads covered.",
        "revoked": "Whoever wants it published after all releases the photo again and answers for it: --by NAME.",
        "too-little-left": "Take another photo, crop it by hand to hands and work, or ask for a consent.",
        "faces-overlap": "Crop the photo by hand, or take another one.",
        "not-now": "Wait, or name what it is for (--event, --urgent or --trip) and who answers for it (--by).",
        "no-face-refused": "Ask the account holder.",
        "surname": "Write first names only.",
        "surname-in-picture": "Take the photo without the name, or let policy have it painted over.",
        "unread-text": 'Install the extra: pip install ".[ocr]" in the folder of consentguard\'s source.',
        "foreign-notice": "Publish it only with the owner's leave: have a person decide.",
        "not-called-suitable": "Have somebody look at it and say so: --suitable-by NAME.",
        "maybe-surname": "Write first names only, or have a person decide.",
        "text-too-long": "Shorten it, or publish it in parts.",
        "name-with-image": "Leave the name or the image out, or have a person decide.",
        "file-name": "Give the file a name without a pupil's.",
        "individually-targeted": "Speak to a class or a year group, or have a person decide.",
        "offensive-language": "Choose other words, or have a person decide.",
        "remark-at-school": "Choose other words, or have a person decide.",
        "copyright-notice": "Publish it only with the owner's leave: have a person decide.",
    }
)


_PLANS = frozenset({"nothing-may-remain", "too-little-left", "faces-overlap"})
"""Reasons of which the plan says more."""


def refusal(name: str, verdict: Verdict, why: str = "") -> str:
    """Why a photo must not go, in plain words, with what to do next."""
    reasons = "; ".join(REASONS[code] for code in verdict.reasons)
    who = "".join(f" ({finding.message})" for finding in verdict.findings if finding.rule not in NOTES)
    detail = f" ({why})" if why and _PLANS.intersection(verdict.reasons) else ""
    step = steps(verdict.reasons) or "Choose another photo."
    if OVERRIDABLE.issuperset(verdict.reasons):
        codes = " ".join(f"--override {code}=REASON" for code in verdict.reasons)
        step += f" Somebody whom the channel's policy names may decide: {codes} --by NAME."
    return f"{name}: must not go: {reasons}{who}{detail}. {step}"


def steps(codes: Iterable[str]) -> str:
    """What to do next about these reasons; empty where nothing is known to help."""
    return " ".join(_NEXT_STEPS[code] for code in codes if code in _NEXT_STEPS)


def reason_of(error: CannotTell) -> str:
    """The reason code of an undecided photo: the name, in kebab case, of the error's nearest kind that has a code."""
    return next(code for kind in type(error).__mro__ if (code := _kebab(kind.__name__)) in REASONS)


def _kebab(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
