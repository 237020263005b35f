"""Offensive language, and remarks aimed at the school: a short British list of whole words, for a person to look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from consentguard.wording.fold import Part, Text, fold, unstretched

_WORDS: Final = frozenset(
    """
    arse arsed arsehole arseholes arsewipe ballbag bastard bastards bawbag bellend bellends bint bitch bitches bitching bitchy
    bloody bollock bollocks bollocking boner boob boobs bugger buggered buggers bullshit bumder chav chavs chavvy chink chinky
    clunge cock cocks cocksucker coon coons crap crappy cretin cripple cum cunt cunts cunty cumming damn darkie darky dago dick dicks
    dickhead dickheads dildo dipshit dumbass faggot faggots fag fags fanny fatarse fatso feck fecking ffs flid fuck fucked fucker fuckers fucking
    fuckwit gaylord gimp gippo git gits goddamn golliwog gook gyppo gyppos gypo halfcaste homo horny idiot idiots imbecile jap japs jerkoff jizz kike knob
    knobhead knobheads knobs kraut kys lardarse lesbo lezzer lezza lmfao milf minge minger mingers mong mongs moron morons motherfucker munter
    nigga nigger niggers nignog nob nobhead nonce nonces numbnuts omfg orgasm paedo paedos paki pakis pedo pikey pikeys pillock pillocks piss pissed pissing
    plonker poof poofs poofter porn porno prat prats prick pricks psycho pussy raghead rapist retard retarded retards sambo schizo scum scumbag shag shagged
    shagging shemale shit shite shits shitting shitty skank skanky slag slags slapper slut sluts slutty sodding spacker spakka spastic spastics spaz spazz spunk stfu
    taig tit tits titties tosser tossers tosspot towelhead tranny trollop turd turds twat twats twatted wank wanked wanker wankers wanking wazzock
    whore whores wog wogs wop wtf yid
    """.split()
)
"""Looked for as whole words, whatever their case, accents, digits for letters, stars, gaps and stretching."""

_PHRASES: Final = frozenset(
    """batty boy/kill yourself/kill your self/go and die/hang yourself/half caste/piss off/sod off/jerk off/window licker/kiddy fiddler/
    hope you die/effing useless/screw you/shut your face/toss off""".replace("\n    ", "").split("/")
)

_INNOCENT: Final = tuple(
    tuple(phrase.split())
    for phrase in """
    dick whittington/dick turpin/dick king smith/dick bruna/dick van dyke/dick and dom/dick and jane/moby dick/spotted dick/dick dastardly/great tit/great tits/blue tit/blue tits/coal tit/
    coal tits/marsh tit/willow tit/long tailed tit/long tailed tits/tit nest/tit box/tits feeding/tit for tat/bloody mary/bloody sunday/bloody battle/bloody tower/bloody assizes/faggots and peas/faggots for/slag heap/
    slag heaps/pancake tosser/pancake tossers/caber tosser/caber tossers/coin tosser/door knob/door knobs/knob of butter/control knob/knobs and/turn the knob/pussy willow/pussy willows/pussy cat/pussy cats/pussycat pussycat/prick out/prick the/
    pricks her finger/pricked/finger prick/pin prick/cock a doodle/cock robin/weather cock/cock crow/cock crows/cock crowed/cock and hen/peacock/stop cock/homo sapiens/homo erectus/homo habilis/chink of light/chink in/chinks of/git hub/
    git commit/aunt fanny/fanny price/fanny and/shag pile/cormorant and shag/shags and/cum laude/black jap/willy wonka/donkey cock/fag packet/psycho motor/psycho logical/boob tube/spunk and/god damn/
    """.replace("\n    ", "").split("/")
    if phrase
)
"""Birds, books, food and history that hold such a word."""

_IN_HASHTAGS: Final = ("fuck", "wanker", "bastard", "bollock", "nigger", "arsehole", "dickhead", "bellend", "shithead")

_INSULTS: Final = (
    r"(?:useless|pathetic|stupid|rubbish|disgraceful|disgusting|incompetent|corrupt|clueless|lazy|thick|evil|vile|shambolic|"
    r"shambles|disgrace|joke|failing|terrible|awful|hopeless|bullies|liars?|bully|racists?|a waste of space|not fit to teach|rude|worst)"
)
_TARGETS: Final = (
    r"(?:head ?teachers?|head|headmaster|headmistress|teachers?|staff|governors?|governing body|school|rackham|ta|tas|principal|"
    r"office staff|(?:mr|mrs|ms|miss|dr)\.? \w+)"
)
_REMARKS: Final = re.compile(
    rf"\b(?:(?:useless|pathetic|stupid|disgraceful|disgusting|incompetent|corrupt|clueless|lazy|vile|shambolic|worst|hopeless) {_TARGETS}"
    rf"|{_TARGETS} (?:is|are|was|were|r|has been|have been)(?: (?:so|such|just|really|absolutely|totally|completely|all|an?|the|always|bloody|utterly))*"
    rf" {_INSULTS}"
    rf"|shame on (?:the |this |you )?{_TARGETS}|(?:sack|fire|get rid of) (?:the |that )?{_TARGETS}"
    rf"|(?:don'?t|do not|never|wouldn'?t) send your (?:kids?|child|children) (?:to|here|there))\b",
    re.IGNORECASE,
)


def offensive(text: Text) -> Iterator[tuple[int, int]]:
    """Where a text is offensive: spans of words of the list. Names of birds, books and food that hold one are left."""
    parts = text.parts
    excused = set(_excused(parts))
    for at, part in enumerate(parts):
        if at not in excused and _is_listed(part.text):
            yield part.start, part.end
    for word in text.words:
        if word.first in excused:
            continue
        plain = word.first == word.last and len(word.readings) == 1
        tagged = word.mark and any(bad in word.readings[0] for bad in _IN_HASHTAGS)
        if tagged or (not plain and any(_is_listed(reading) for reading in word.readings)):
            yield word.start, word.end
    yield from _starred(text.raw)
    yield from _spaced(parts, text)
    for at in range(len(parts)):
        for length in (2, 3, 4):
            if " ".join(part.text for part in parts[at : at + length]) in _PHRASES:
                yield parts[at].start, parts[min(at + length, len(parts)) - 1].end


def remarks(raw: str) -> Iterator[tuple[int, int]]:
    """Where a text runs down the school or those who belong to it."""
    plain = raw.replace("’", "'")
    yield from (match.span() for match in _REMARKS.finditer(plain))


def _is_listed(word: str) -> bool:
    return any(spelling in _WORDS for spelling in unstretched(word))


def _excused(parts: tuple[Part, ...]) -> Iterator[int]:
    words = [part.text for part in parts]
    for phrase in _INNOCENT:
        length = len(phrase)
        for at in range(len(words) - length + 1):
            if tuple(words[at : at + length]) == phrase:
                yield from range(at, at + length)


_MASKED: Final = re.compile(r"[^\W\d_][^\W\d_]*(?:[*#%&\-_.]+[^\W\d_]+)+", re.UNICODE)


def _starred(raw: str) -> Iterator[tuple[int, int]]:
    """Words with letters hidden: f*ck, s**t, w*nker."""
    for match in _MASKED.finditer(raw):
        masked = match[0]
        if "*" not in masked and not re.search(r"[#%&]", masked):
            continue
        pattern = re.compile("".join("[a-z]?" if c in "*#%&" else re.escape(fold(c)) for c in masked))
        if any(len(word) > 3 and pattern.fullmatch(word) for word in _WORDS):
            yield match.span()


def _spaced(parts: tuple[Part, ...], text: Text) -> Iterator[tuple[int, int]]:
    """Words with gaps between their letters: "s h i t", "w.a.n.k"."""
    start = 0
    for at in range(len(parts) + 1):
        goes_on = at < len(parts) and len(parts[at].text) == 1 and (at == start or len(text.between(at - 1, at)) <= 3)
        if goes_on:
            continue
        joined = "".join(part.text for part in parts[start:at])
        for length in range(4, len(joined) + 1):
            for left in range(len(joined) - length + 1):
                if joined[left : left + length] in _WORDS:
                    yield parts[start + left].start, parts[start + left + length - 1].end
        start = at if at < len(parts) and len(parts[at].text) == 1 else at + 1
