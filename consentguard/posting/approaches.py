"""What a reply may hold that no caption does: a threat, or a request for contact, an address or pictures of a child.

Plain lists of phrases, for replies only. They find the common wordings and no others; whoever moderates reads the
replies themselves. A hit is for a person to judge.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

THREAT: Final = "threat"
CONTACT: Final = "request-for-contact"

SENTENCES: Final = {
    THREAT: "it may be a threat",
    CONTACT: "it asks for contact, an address or pictures",
}

_WHOM: Final = r"(?:you|u|ya|your|ur|him|her|them|the (?:school|kids?|children|head|teachers?)|this school)"
_THREATS: Final = (
    rf"(?:i(?:'| wi)?ll|i(?:'m| am) (?:going to|gonna)|im gonna|gonna|we(?:'| wi)?ll|someone (?:will|should)|"
    rf"somebody (?:will|should)) (?:\w+ ){{0,2}}"
    rf"(?:kill|hurt|harm|batter|smash|stab|shoot|burn|bomb|punch|come for) {_WHOM}\b",
    r"\b(?:kill|burn|bomb|blow up|torch|shoot up|stab) (?:the|this|that|your|ur) "
    r"(?:school|place|building|head|teacher)",
    r"\byou(?:'| wi)?ll (?:pay for (?:this|that|it)|regret|be sorry)\b",
    r"\b(?:beat|batter) (?:you|u|him|her|them) (?:up|black)\b",
    r"\bwatch (?:your|ur) back\b",
    r"\bi know where (?:you|u|they|he|she|your (?:kids?|child|children)) (?:live|lives|goes|go|park|parks)\b",
    r"\b(?:you(?:'re| are)|ur|he(?:'s| is)|she(?:'s| is)) (?:dead|a dead (?:man|woman)|going to die|gonna die)\b",
    r"\b(?:hope|wish) (?:you|u|they|he|she)(?: all)? (?:die|dies|burn|burns)\b",
    r"\bwaiting (?:for (?:you|him|her|them) )?(?:outside|at the gates?)\b",
    r"\bcoming (?:for|after) (?:you|him|her|them|the (?:kids|children|head|school))\b",
    r"\bbring (?:a|my) (?:knife|gun|bat)\b",
    r"\bdeserves? (?:a (?:slap|beating|kicking)|to (?:die|be (?:shot|hit|beaten)))\b",
)
_CONTACTS: Final = (
    r"\b(?:dm|d\.m\.|pm|inbox|message|text|msg|call|ring|email|e-mail|snap(?:chat)?|whats ?app|add) (?:me|us)\b",
    r"\b(?:send|slide|sent) (?:me )?(?:a |an )?(?:dm|message|private message|pm)\b",
    r"\b(?:what(?:'s| is|s)|whats|give me|send me|tell me|need|got|anyone (?:got|know|have)) "
    r"(?:\w+ ){0,3}(?:address|phone|number|email|insta(?:gram)?|snap(?:chat)?|tik ?tok|whats ?app|postcode|surname|"
    r"last name|full name)\b",
    r"\bwh(?:ere|ich (?:\w+ )?(?:street|road|house|class|bus)) (?:does|do|is|are|did|will) (?:\w+ ){0,4}"
    r"(?:live|lives|stay|stays|get(?:s)? (?:off|picked up)|in\?|walk home)",
    r"\bwhat time (?:does|do|is|are|will) (?:\w+ ){0,4}"
    r"(?:finish|leave|leaves|get out|come out|walk home|home ?time|out)\b",
    r"\b(?:send|share|post|got|have|show)(?: me| us)?(?: any)? (?:more )?(?:pics?|pictures?|photos?|videos?) "
    r"(?:of|with) (?:the |that |this |her|him|them|those )",
    r"\b(?:more|other) (?:pics?|pictures?|photos?|videos?) of (?:her|him|that (?:girl|boy|kid|child|lad|one)|"
    r"the (?:girl|boy|kid|child|lad|one))\b",
    r"\bwho(?:'s| is|s) (?:that|the|this) (?:\w+ )?(?:girl|boy|kid|child|lad|lass)\b",
    r"\b(?:meet|see) (?:me|you|u|her|him|them) (?:\w+ ){0,3}(?:after school|outside|at the gates?|in the park)\b",
    r"\bcan i (?:meet|talk to|speak to|message|contact|pick up|collect) (?:her|him|them|that|the|this)\b",
    r"\bis (?:s?he|that (?:girl|boy)) (?:single|on (?:insta|snap|tik ?tok))",
    r"\bhow old (?:is|are) (?:s?he|they|her|him|that|the|this)\b",
    r"(?:\+44|\b0)\s?\d{2,4}[\s-]?\d{3}[\s-]?\d{3,4}\b",
)
_RULES: Final = {
    THREAT: tuple(re.compile(pattern) for pattern in _THREATS),
    CONTACT: tuple(re.compile(pattern) for pattern in _CONTACTS),
}


def approaches(text: str) -> tuple[str, ...]:
    """Which of `THREAT` and `CONTACT` a reply may be."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    said = " ".join("".join(c for c in folded if unicodedata.category(c) != "Cf").split())
    return tuple(rule for rule, patterns in _RULES.items() if any(pattern.search(said) for pattern in patterns))
