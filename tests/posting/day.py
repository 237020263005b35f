"""A day of a class account at the fake X, told by the real command line: what is typed and everything it answers.

Run it by itself to read the whole: python tests/posting/day.py
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from fake_x import FakeX, Fault  # noqa: E402
from fakes import SAMPLE_FILE, sample_with  # noqa: E402

TEACHER = ("--by", "Miriam Castlegate")


@dataclass
class Day:
    """Plays the day with `run`, a command line that answers (exit code, what it printed), and writes the transcript."""

    folder: Path
    fake: FakeX
    run: Callable[..., tuple[int, str]]
    account: Callable[[str], None]
    told: list[str] = field(default_factory=list)
    codes: dict[str, int] = field(default_factory=dict)

    def play(self) -> str:
        """The whole day. The links of the posts are taken from what the commands print, as a person would."""
        self._morning()
        self._withdrawal()
        self._trouble()
        self._evening()
        return "\n".join(self.told) + "\n"

    def _morning(self) -> None:
        self.say("Morning. The class teacher looks at what would go, and posts it.")
        photo = ("--photo", "painting.jpg", "--people", "P001", "--alt", "A pupil paints a sunflower")
        post = ("post", "--channel", "class4", "--text", "Our sunflowers", *photo, *TEACHER)
        self.do("dry run", *post, "--dry-run")
        self.flower = self.link(self.do("post", *post))
        self.do("the same again", *post)
        self.say("Two photos, but only one of them says whom it shows.")
        self.do("whose?", "post", "--channel", "class4", "--text", "Two visitors", "--photo", "visitor.jpg",
                "--photo", "painting.jpg", "--people", "P001", *TEACHER)  # fmt: skip
        self.say("A caption with a surname.")
        self.do("surname", "post", "--channel", "class4", "--text", "Well done Amara Winterbourne!", *TEACHER)
        self.say("A thread of two posts; in the second nobody's face may be seen.")
        self.do("thread", "post", "--channel", "class4", "--text", "Our visitor came today",
                "--text", "and spoke about his work", "--photo", "visitor.jpg", *TEACHER)  # fmt: skip
        self.say("The main account retweets the first post.")
        self.account("1001")
        self.do("retweet", "retweet", self.flower, *TEACHER)
        self.account("1004")

    def _withdrawal(self) -> None:
        self.say("Noon. The class posts another photo of Amara, and X is slow. Meanwhile a parent withdraws consent.")
        self.fake.faults["create"].append(Fault(429, {}, {"x-rate-limit-reset": "+2"}))
        self.fake.on_create = lambda: (self.folder / "consent_register.csv").write_bytes(
            sample_with({"P001": {"social_media_withdrawn": "2026-11-01"}})
        )
        self.do("withdrawn", "post", "--channel", "class4", "--text", "Amara paints again", "--photo", "painting.jpg",
                "--people", "P001", *TEACHER)  # fmt: skip
        self.fake.on_create = lambda: None
        self.say("What of Amara is out there?")
        self.do("takedown", "takedown")
        self.do("takedown unnamed", "takedown", "P001", "--apply")
        self.do("takedown applied", "takedown", "--apply", "--yes", *TEACHER)
        self.do("takedown after", "takedown")
        (self.folder / "consent_register.csv").write_bytes(SAMPLE_FILE.read_bytes())

    def _trouble(self) -> None:
        self.say("Afternoon. Somebody deletes a post in the app, and the teacher posts the same again.")
        words = ("post", "--channel", "class4", "--text", "PE kit on Friday please", *TEACHER)
        gone = self.link(self.do("words", *words))
        del self.fake.posts[gone.rpartition("/")[2]]
        self.do("gone", *words)
        self.do("again", *words, "--again")
        self.say("X answers that it failed, though it had made the post, and shows it only later.")
        self.fake.lag = 4
        self.fake.faults["create"].append(Fault(503, "<html>Over capacity</html>", effect=True))
        late = ("post", "--channel", "class4", "--text", "Club is on tonight", *TEACHER)
        self.do("late", *late)
        self.fake.lag = 0
        self.do("reconcile", "posting", "reconcile", "--channel", "class4")
        self.do("late again", *late)

    def _evening(self) -> None:
        self.say("Evening. What did others answer?")
        ours = next(post["id"] for post in self.fake.own_posts("1004") if "visitor came" in post["text"])
        self.fake.add_post("9000", "@RackhamClass4 how lovely, thank you!", replies_to=ours)
        self.do("kind replies", "moderate", "--channel", "class4")
        rude = self.fake.add_post("9001", "@RackhamClass4 what a bunch of wankers", replies_to=ours)
        self.fake.add_post("9001", "@RackhamClass4 what time does she finish? dm me", replies_to=ours)
        self.do("replies", "moderate", "--channel", "class4")
        self.do("decided", "moderate", rude, "--channel", "class4", "--apply", *TEACHER)

    # -- telling ------------------------------------------------------------------------------------------------------

    def say(self, what: str) -> None:
        self.told.append(f"\n# {what}")

    def do(self, name: str, *words: str) -> str:
        code, printed = self.run(*words)
        self.codes[name] = code
        self.told.append(f"$ consentguard {shlex.join(words)}\n{printed.rstrip()}\n[exit {code}]")
        return printed

    @staticmethod
    def link(printed: str) -> str:
        return next(word for word in printed.split() if word.startswith("https://x.com/"))


if __name__ == "__main__":
    import pytest

    sys.exit(pytest.main([str(Path(__file__).with_name("test_day.py")), "-q", "-s", "-k", "day"]))
