"""What was decided about a photo, and why: the words that the command line, JSON and the audit trail share."""

from __future__ import annotations

import enum
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from consentguard.values.geometry import Box


class Standing(enum.StrEnum):
    """What the register, the policy and whoever points at it say of one face today.

    Only `CONSENTED` and `NOBODY`, which is no person at all, let it be seen.
    """

    CONSENTED = "consented"
    NO_CONSENT = "no-consent"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OBJECTION = "objection"
    NOT_PERMITTED = "not-permitted"
    UNKNOWN = "unknown"
    UNSURE = "unsure"
    HIDDEN_BY_PERSON = "hidden-by-person"
    NOBODY = "nobody"


class Action(enum.StrEnum):
    """What happens to one face."""

    KEEP = "keep"
    HIDE = "hide"

    @classmethod
    def for_standing(cls, standing: Standing) -> Action:
        """Everything but a consent, or what is no person, is hidden, whatever is added to `Standing` later."""
        return cls.KEEP if standing in (Standing.CONSENTED, Standing.NOBODY) else cls.HIDE


class Mode(enum.StrEnum):
    """How the people in a picture are known."""

    OFF = "off"
    DECLARED = "declared"
    TAGGED = "tagged"
    MATCHED = "matched"


class Outcome(enum.StrEnum):
    """How a photo ended. The first two come from a check, the third from a release, the last two from both."""

    PUBLISHABLE = "publishable"
    NEEDS_REWRITE = "needs_rewrite"
    RELEASED = "released"
    REFUSED = "refused"
    CANNOT_TELL = "cannot_tell"

    @property
    def exit_code(self) -> int:
        """0 went through, 1 must not go (as it is), 3 undecided."""
        return {"publishable": 0, "released": 0, "needs_rewrite": 1, "refused": 1}.get(self.value, 3)


class Rewrite(enum.StrEnum):
    """What was done to the picture, from least to most."""

    NONE = "none"
    CROP = "crop"
    SILHOUETTE = "silhouette"
    COVER = "cover"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know about the photo; the rule is a code of docs/codes.md."""

    rule: str
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class JudgedFace:
    """One face with its judgement.

    Attributes:
        box: in pixels of the upright source picture.
        score: how sure it is that a face or head is there, 0..1.
        person: a register id, None where nobody is known or the face is hidden.
        standing: what is said of it.
        number: by which a tag may point at it, from 1; None for a box that a person added.
        tag: what a person said of it: a register id, `nobody`, `hide`, or `hidden` for whoever may not be seen; None
            where nobody said anything.
        added: a person added it; nothing was found there.
        where: the part of the picture in words, such as "upper left".
    """

    box: Box
    score: float
    person: str | None
    standing: Standing
    number: int | None = None
    tag: str | None = None
    added: bool = False
    where: str = ""

    @property
    def action(self) -> Action:
        return Action.for_standing(self.standing)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was seen in one photo and what was decided. Carries no pixels and no names.

    Attributes:
        photo: what the caller calls the photo; shown, never stored.
        size: width and height of the upright source picture, in whose pixels boxes are; None where it was not read.
        outcome: see `Outcome`.
        needs_person: a person could still decide, or supply what is missing.
        publishable_as_is: the photo may go exactly as it came.
        reasons: codes (docs/codes.md) of everything that led to the outcome.
        faces: every face, in pixels of the upright source picture.
        hands, heads_from_behind, people: what else was found, None where it was not looked for.
        hands_seen, backs_seen: how many of these hands, and heads from behind, what leaves lets be seen; None where
            nothing may leave.
        rewrite: what was, or would be, done to the picture; None where nothing may leave.
        frame: the part of the source picture that leaves; None where nothing may leave.
        scale: published pixels for each source pixel, 0 < scale <= 1.
        worth: how much what would leave is worth publishing, 0..1; None where nothing may leave.
        painted_share: share of that frame that is painted over, 0..1.
        fill: what it is painted with, "surroundings" or "flat"; None where nothing is painted.
        findings: things a person should know.
        smallest_face: height in published pixels above which every face was looked for.
        models: what looked, each as name@first-8-of-its-digest.
        sha256: of the released bytes, None where nothing was released.
        output: where the released bytes were written, None where they were not.
        timings: milliseconds of each stage (`stopwatch.STAGES`); no part of the verdict: neither compared nor sealed.
    """

    photo: str
    outcome: Outcome
    needs_person: bool = False
    publishable_as_is: bool = False
    reasons: tuple[str, ...] = ()
    faces: tuple[JudgedFace, ...] = ()
    hands: tuple[tuple[Box, float], ...] | None = None
    heads_from_behind: tuple[tuple[Box, float], ...] | None = None
    people: tuple[Box, ...] | None = None
    hands_seen: int | None = None
    backs_seen: int | None = None
    rewrite: Rewrite | None = None
    frame: Box | None = None
    scale: float | None = None
    worth: float | None = None
    painted_share: float | None = None
    fill: str | None = None
    findings: tuple[Finding, ...] = ()
    smallest_face: int | None = None
    models: tuple[str, ...] = ()
    sha256: str | None = None
    output: str | None = None
    size: tuple[int, int] | None = None
    timings: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def hidden(self) -> int:
        """How many faces may not be seen."""
        return sum(face.action is Action.HIDE for face in self.faces)

    def finished(self, outcome: Outcome, sha256: str) -> Verdict:
        """The same verdict once the bytes exist: released bytes are never the source file's own."""
        return replace(self, outcome=outcome, sha256=sha256)

    def written_to(self, output: str) -> Verdict:
        """The same verdict, knowing where its bytes were written."""
        return replace(self, output=output)

    def __repr__(self) -> str:
        """One line: what it is called, how it ended, how many faces, and why."""
        told = [f"{len(self.faces)} face{'s' * (len(self.faces) != 1)}, {self.hidden} hidden"]
        told += [f"rewrite {self.rewrite}"] if self.rewrite else []
        told += [f"because of {', '.join(self.reasons)}"] if self.reasons else []
        return f"<Verdict {self.photo!r} {self.outcome}: {'; '.join(told)}>"

    def _repr_html_(self) -> str:
        """The same in a notebook, with a line for each face."""
        rows = "".join(
            f"<tr><td>{face.number or ''}</td><td>{html.escape(face.where)}</td><td>{face.standing}</td>"
            f"<td>{face.action}</td></tr>"
            for face in self.faces
        )
        head = "<tr><th>face</th><th>where</th><th>standing</th><th>action</th></tr>"
        return f"<p>{html.escape(repr(self)[1:-1])}</p>" + (f"<table>{head}{rows}</table>" if rows else "")

    def to_dict(self) -> dict[str, Any]:
        """Plain types, as `--json` prints them."""
        return self.as_json()

    def as_json(self) -> dict[str, Any]:
        """The object of `--json`: plain types only, the keys fixed by the contract of the command line."""

        def scored(found: tuple[tuple[Box, float], ...] | None) -> list[dict[str, Any]] | None:
            return None if found is None else [{"box": box.as_list(), "score": round(score, 3)} for box, score in found]

        return {
            "photo": self.photo,
            "outcome": self.outcome.value,
            "needs_person": self.needs_person,
            "publishable_as_is": self.publishable_as_is,
            "reasons": list(self.reasons),
            "faces": [
                {
                    "number": face.number,
                    "box": face.box.as_list(),
                    "score": round(face.score, 3),
                    "person": face.person,
                    "standing": face.standing.value,
                    "action": face.action.value,
                    "tag": face.tag,
                    "added": face.added,
                    "where": face.where,
                }
                for face in self.faces
            ],
            "hands": scored(self.hands),
            "heads_from_behind": scored(self.heads_from_behind),
            "people": None if self.people is None else [{"box": box.as_list()} for box in self.people],
            "hands_seen": self.hands_seen,
            "backs_seen": self.backs_seen,
            "rewrite": self.rewrite.value if self.rewrite else None,
            "frame": self.frame.as_list() if self.frame else None,
            "scale": round(self.scale, 4) if self.scale else None,
            "worth": None if self.worth is None else round(self.worth, 3),
            "painted_share": None if self.painted_share is None else round(self.painted_share, 3),
            "fill": self.fill,
            "findings": [{"rule": f.rule, "where": f.where, "message": f.message} for f in self.findings],
            "smallest_face": self.smallest_face,
            "models": list(self.models),
            "sha256": self.sha256,
            "output": self.output,
            "size": list(self.size) if self.size else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Verdict:
        """A verdict from what `as_json` made of it, scores as rounded there. Raises KeyError or ValueError."""

        def scored(found: list[dict[str, Any]] | None) -> tuple[tuple[Box, float], ...] | None:
            return None if found is None else tuple((Box(*item["box"]), item["score"]) for item in found)

        people = stored["people"]
        return cls(
            photo=stored["photo"],
            outcome=Outcome(stored["outcome"]),
            needs_person=stored["needs_person"],
            publishable_as_is=stored["publishable_as_is"],
            reasons=tuple(stored["reasons"]),
            faces=tuple(
                JudgedFace(
                    Box(*face["box"]),
                    face["score"],
                    face["person"],
                    Standing(face["standing"]),
                    face["number"],
                    face["tag"],
                    face["added"],
                    face["where"],
                )
                for face in stored["faces"]
            ),
            hands=scored(stored["hands"]),
            heads_from_behind=scored(stored["heads_from_behind"]),
            people=None if people is None else tuple(Box(*person["box"]) for person in people),
            hands_seen=stored.get("hands_seen"),
            backs_seen=stored.get("backs_seen"),
            rewrite=Rewrite(stored["rewrite"]) if stored["rewrite"] else None,
            frame=Box(*stored["frame"]) if stored["frame"] else None,
            scale=stored["scale"],
            worth=stored.get("worth"),
            painted_share=stored.get("painted_share"),
            fill=stored.get("fill"),
            findings=tuple(Finding(**finding) for finding in stored["findings"]),
            smallest_face=stored["smallest_face"],
            models=tuple(stored["models"]),
            sha256=stored["sha256"],
            output=stored["output"],
            size=(stored["size"][0], stored["size"][1]) if stored.get("size") else None,
        )


def canonical(value: object) -> bytes:
    """One byte string for one JSON value: sorted keys, no spaces, ASCII. What digests and seals are made over."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")
