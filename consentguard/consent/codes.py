"""Every code that a verdict may carry as a reason or as the rule of a finding.

`docs/codes.md` lists them with the sentence of SCH 026 each comes from; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "unapproved-face": "a face is shown of somebody whose consent for this channel is not known",
        "nothing-may-remain": "what policy lets remain of an unapproved person cannot be kept without showing more",
        "declared-not-approved": "somebody named as shown may not be shown on this channel",
        "declared-never": "somebody named as shown must not be published at all",
        "more-faces-than-declared": "there are more faces than people were named",
        "no-face-refused": "no face was found, and policy wants a person to look at such photos",
        "metadata": "the file carries more than its pixels",
        "too-large": "the photo is larger than policy publishes, so smaller faces than were looked for could be seen",
        "unreadable-image": "the file could not be read as one whole picture",
        "model-unavailable": "a model is missing or altered",
        "register-invalid": "the consent register has mistakes",
        "policy-invalid": "the policy has mistakes",
        "verification-failed": "the second look, at the finished bytes, found what may not be there",
        "audit-failed": "the audit trail could not be written or trusted",
        "template-store-error": "the face templates could not be used",
        "cannot-tell": "a file or folder could not be written",
    }
)
"""Why an outcome came about: code -> one plain sentence."""

FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        "no-face-found": "no face was found",
        "metadata-dropped": "the source file carried more than its pixels; a released copy does not",
        "fewer-faces-than-declared": "fewer faces were found than people named",
        "declared-not-approved": "this person may not be shown on this channel",
        "declared-never": "this person must not be published at all",
    }
)
"""What a person should know: rule -> one plain sentence."""

NOTES = frozenset({"no-face-found", "metadata-dropped", "fewer-faces-than-declared"})
"""Findings that only inform: they do not keep a photo from being publishable as it is (docs/decisions/0002)."""
