"""Picture agencies: one list for captions and for what photo files say of their owner."""

from __future__ import annotations

from typing import Final

AGENCIES: Final = (
    *(
        "getty images",
        "getty",
        "shutterstock",
        "alamy",
        "istock",
        "adobe stock",
        "adobestock",
        "dreamstime",
        "123rf",
        "depositphotos",
    ),
    *("bigstock", "pond5", "agefotostock", "age fotostock", "press association", "pa images", "pa wire", "reuters"),
    *("associated press", "agence france", "rex features", "corbis", "bridgeman", "masterfile", "stocksy", "canstock"),
    *("fotolia", "picfair", "eyevine", "mary evans"),
)
"""Picture agencies, in small letters."""


def agencies(text: str) -> tuple[str, ...]:
    """The picture agencies that a text names."""
    lower = text.casefold()
    return tuple(agency for agency in AGENCIES if agency in lower and not _longer(agency, lower))


def _longer(agency: str, lower: str) -> bool:
    """Whether the text names a longer one that begins so."""
    return any(other != agency and other.startswith(agency) and other in lower for other in AGENCIES)
