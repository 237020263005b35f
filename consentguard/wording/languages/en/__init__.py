"""British English, as primary schools write it."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from consentguard.values.agencies import AGENCIES
from consentguard.wording import lists
from consentguard.wording.language import AddressRules, Language, OffenceRules

_words = partial(lists.words, __name__)
_phrases = partial(lists.phrases, __name__)

_INSULTS: Final = _words("insults")
_BARE_INSULTS: Final = _words("bare_insults")
"""Insults that nobody needs for anything else; "rubbish" is also what a class picks up around the school."""
_TARGET: Final = (
    r"(?:head ?teachers?|head|headmaster|headmistress|teachers?|staff|governors?|governing body|school|ta|tas|"
    r"principal|office staff|(?:mr|mrs|ms|miss|dr)\.? \w+)"
)
_THERE: Final = r"(?:(?:here|there|at (?:this|that|the|your) school) )?"
_IS: Final = (
    r"(?:is|are|was|were|r|has been|have been)"
    r"(?: (?:so|such|just|really|absolute(?:ly)?|total(?:ly)?|complete(?:ly)?|all|an?|the|always|bloody|utter(?:ly)?))*"
)
_REMARKS: Final = re.compile(
    "|".join(
        rf"\b(?:{remark})\b"
        for remark in (
            rf"(?:{'|'.join(sorted(_BARE_INSULTS))}) {_TARGET}",
            rf"{_TARGET} {_THERE}{_IS} (?:{'|'.join(sorted(_INSULTS))}|a waste of space|not fit to teach)",
            rf"shame on (?:the |this |you )?{_TARGET}",
            rf"(?:sack|fire|get rid of) (?:the |that )?{_TARGET}",
            r"(?:don'?t|do not|never|wouldn'?t) send your (?:kids?|child|children) (?:to|here|there)",
        )
    ),
    re.IGNORECASE,
)

_OPENER: Final = (
    r"(?:well done|congratulations|congrats|happy birthday|many happy returns|good luck|best of luck|"
    r"(?:thank you|thanks)(?: so much)?|hello|hi|hey|dear|"
    r"welcome(?: back)?|bravo|sorry|come on|keep it up|goodbye|bye|get well soon|"
    r"good (?:morning|job|work|girl|boy|lad|effort)|great (?:job|work|effort|stuff)|(?:amazing|super|fantastic) work|"
    r"we(?: will|'ll)? miss you|(?:we are )?(?:so )?proud of you|see you(?: on monday| tomorrow| soon)?|"
    r"don't forget|do not forget|remember|please|where were you|how are you|"
    r"(?:a )?(?:reminder|message|note)(?: for| to)?)"
)

_PICTURE: Final = r"(?:photo(?:graph)?|image|picture|pic|illustration|drawing|artwork|text|words|music|video)s?"
_ALWAYS: Final = (
    *("getty images", "shutterstock", "alamy", "istock", "adobe stock", "dreamstime", "depositphotos", "123rf"),
)
"""Agencies whose name stands for nothing else; the others count where something is credited to them."""
_CREDITED: Final = (
    rf"\b{_PICTURE}\s*(?::|by|from|via|\()\s*[\w '&/-]{{0,40}}?(?:{'|'.join(map(re.escape, AGENCIES))})\b"
)
_NOTICE: Final = re.compile(
    r"©|(?<!\w)\(c\)(?=\s*(?:\d{4}|[A-Z]))|(?i:\ball rights reserved\b)"
    r"|(?i:\bcopyright)(?=\s*(?:©|\(c\)|:|-|–|\d{4}|[A-Z]|(?i:of|by|belongs|holder|owner|reserved)\b))"
    r"|(?i:\b(?:is|are|under|protected by|subject to)\s+copyright\b)"
    rf"|(?i:\b{_PICTURE}\s+(?:credit|courtesy)\b)|(?i:\b(?:credit|courtesy)\s*:\s*)(?=[A-Z@])|(?i:\b(?:{'|'.join(_ALWAYS)})\b)|(?i:{_CREDITED})"
)


_OFFENCE: Final = OffenceRules(
    words=_words("offensive"),
    in_hashtags=("fuck", "wanker", "bastard", "bollock", "nigger", "arsehole", "dickhead", "bellend", "shithead"),
    phrases=tuple(tuple(phrase.split()) for phrase in _phrases("offensive_phrases")),
    innocent=tuple(tuple(phrase.split()) for phrase in _phrases("innocent_phrases")),
    remarks=_REMARKS,
)

_ADDRESS: Final = AddressRules(
    opened=re.compile(rf"(?:^|[\s,]){_OPENER}[\s,:]*$"),
    opens=re.compile(rf"\W*+{_OPENER}\b"),
    greeting=re.compile(
        r"(?:happy birthday|many happy returns|good luck|best of luck|get well soon|goodbye|(?:will|'ll) miss you|"
        r"(?:a )?(?:reminder|message|note) (?:for|to))(?: to)?[\s,:]*$"
    ),
    second=re.compile(
        r"\b(?:you|your|you're|you've|you'll|yours|yourself|u|ur|don't forget|do not forget|remember (?:to|your)|"
        r"please (?:bring|return|remember|see|come|collect|hand|ask|check)|bring your|make sure|see me|"
        r"come and see|hand in|needs? to bring|must bring)\b"
    ),
    second_pronoun=re.compile(r"\byou"),
    your=re.compile(r"\byour (?:\w+ )?\w+"),
    vocative=re.compile(
        r"\s+(?:you|your|please|don't|do not|remember|where (?:is|are|were)|can you|could you|see me|come and)\b"
    ),
    kin_handle=re.compile(r"(?:mum|mummy|mom|dad|daddy|nan|nanny|gran|grandma|grandad|family)\d*$"),
    group=re.compile(
        r"\b(?:year (?:\d|one|two|three|four|five|six)|y\d|yr ?\d|class|classes|everyone|everybody|"
        r"all of (?:you|our|the)|you all|all the|children|parents|carers|teams?|reception|nursery|preschool|"
        r"ks\d|key stage|eyfs|families|girls|boys|"
        r"folks|pupils|pta|friends of|choir|club|squad|councillors|ambassadors|governors|staff|teachers|guys|kids|both|"
        r"house|group)\b"
    ),
    kin=re.compile(
        r"^'?s?'? (?:mum|mummy|dad|daddy|mother|father|parents?|family|carers?|gran|grandma|nan|grandad|"
        r"guardian|aunt|uncle)\b.*"
        r"\b(?:please|could|can|would|contact|call|ring|collect|pick|speak|needs? to)\b"
    ),
    kin_before=re.compile(r"\b(?:could|can|would|please)\b[\w\s,]*$"),
    please="please",
    no_names=frozenset({"well", "done", "dear", "hello", "hi", "thanks", "you", "luck", "birthday"}),
)

EN: Final = Language(
    code="en",
    words=_words("words"),
    calendar=_words("calendar"),
    first_names=_words("first_names"),
    places=_words("places"),
    famous=_words("famous"),
    public_people=frozenset(name.replace(" ", "") for name in _phrases("public_people")),
    after_places=_words("after_places"),
    before_places=_words("before_places"),
    before_saints=_words("before_saints"),
    saints=frozenset({"st", "saint"}),
    titles=_words("titles"),
    surname_titles=frozenset({"mr", "mrs", "ms", "dr"}),
    job_titles=frozenset({"coach", "teacher", "professor", "prof"}),
    pupil_title="master",
    determiners=_words("determiners"),
    auxiliaries=_words("auxiliaries"),
    person_verbs=_words("person_verbs"),
    things=frozenset(tuple(phrase.split()) for phrase in _phrases("things")),
    roles=_words("roles"),
    family=_words("family"),
    particles=_words("particles"),
    conjunctions=("and", "or"),
    articles=("the", "a"),
    plurals=("es", "s"),
    possessive="s",
    single_letters=frozenset({"a", "i"}),
    offence=_OFFENCE,
    address=_ADDRESS,
    notice=_NOTICE,
)
