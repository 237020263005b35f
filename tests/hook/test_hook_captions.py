"""What pages say beside their pictures, and what pictures are called. The pupils are the sample register's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hook.websites import hook, still
from hypothesis import given
from hypothesis import strategies as st

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.state import State
from consentguard.consent.register.register import Register
from consentguard.hook.captions import captions_in
from consentguard.hook.judge import Judge
from consentguard.values import Outcome

NAME = "Amara Winterbourne"

PAGES = {
    "markdown, the description": ("a.md", f"# News\n\n![{NAME} by the pond](pond.jpg)\n"),
    "markdown, the title": ("a.md", f'![the pond](pond.jpg "{NAME}")\n'),
    "markdown, by reference": ("a.md", f"![{NAME}][pond]\n\n[pond]: pond.jpg\n"),
    "markdown, the line below": ("a.md", f"![the pond](pond.jpg)\n*Our {NAME}*\n"),
    "markdown, over two lines": ("a.md", "![Amara\nWinterbourne](pond.jpg)\n"),
    "html, alt": ("a.html", f"<img src=pond.jpg alt='{NAME}'>"),
    "html, unquoted": ("a.html", "<img alt=Winterbourne src=pond.jpg>"),
    "html, figcaption": (
        "a.html",
        "<figure><img src=pond.jpg>\n<figcaption>By <b>Amara</b> Winter<i>bourne</i></figcaption></figure>",
    ),
    "html, entities": ("a.html", "<img src=pond.jpg alt='Amara W&#105;nterbourne'>"),
    "html, aria-label": ("a.html", f'<svg role="img" aria-label="{NAME}"></svg>'),
    "hugo, a shortcode": ("a.md", '{{< figure src="pond.jpg" caption="Photo of Amara Winterbourne" >}}'),
    "front matter": ("a.md", f"---\nimage: pond.jpg\ntitle: {NAME} wins\n---\nText.\n"),
    "yaml": ("gallery.yaml", f"- file: pond.jpg\n  caption: {NAME}\n"),
    "toml": ("gallery.toml", f'file = "pond.jpg"\nalt = "{NAME}"\n'),
    "json": ("gallery.json", f'{{"src": "pond.jpg", "alt_text": "{NAME}"}}'),
    "jsx": ("a.mdx", f'<Image src={{pond}} alt={{"{NAME}"}} />\n\n<img src="x.png" />'),
    "svg": ("pond.svg", f"<svg><title>{NAME}</title></svg>"),
    "utf-16": ("a.html", f"<img src=pond.jpg alt='{NAME}'>"),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_surname_beside_a_picture_is_refused(judge, page):
    path, text = PAGES[page]
    (verdict,) = judge.judge(path, text.encode("utf-16" if page == "utf-16" else "utf-8"))
    assert (verdict.outcome, verdict.reasons) == (Outcome.REFUSED, ("surname",))
    assert all("P001" in finding.message for finding in verdict.findings)
    assert "interbourne" not in str(verdict.as_json())


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.md", "![Amara by the pond](pond.jpg)\n\nYear 4 met a heron.\n"),
        ("a.md", f"The list of pupils, without a picture: {NAME}\n"),
        ("a.md", f"![the pond](pond.jpg)\n\nThe pond.\n\n{NAME} is not beside it.\n"),
        ("style.css", f"/* alt: {NAME} */ a {{ background: url(pond.jpg) }}"),
        ("a.html", "<img src=pond.jpg alt=''>"),
    ],
)
def test_first_names_and_what_stands_elsewhere_pass(judge, path, text):
    assert judge.judge(path, text.encode()) == ()


def test_what_may_be_a_surname_is_undecided(judge):
    (verdict,) = judge.judge("a.md", b"![A picture by P Merry weather](pond.jpg)")
    assert (verdict.outcome, verdict.reasons) == (Outcome.CANNOT_TELL, ("maybe-surname",))


def test_a_finding_says_the_line(judge):
    (verdict,) = judge.judge("a.html", f"<p>\n\n<img src=pond.jpg alt='{NAME}'>".encode())
    assert verdict.findings[0].message.startswith("line 3: P001: a pupil's surname stands at")


def test_policy_may_leave_pages_unread(office):
    state, _ = office
    policy = Policy.load(state / "policy.toml")
    silent = replace(policy, hook=replace(policy.hook, captions=False))
    judge = Judge(Register.load(state / "consent_register.csv"), silent, State.open(state))
    assert judge.judge(*(PAGES["html, alt"][0], PAGES["html, alt"][1].encode())) == ()


def test_a_commit_with_such_a_page_is_stopped_and_says_what_to_do(site, capsys):
    site.add("content/news.md", f"![{NAME}](pond.jpg)\n".encode())
    assert hook("pre-commit") == 1
    said = capsys.readouterr().out
    assert "content/news.md: must not go" in said
    assert "next: Write first names only." in said
    assert "Winterbourne" not in said
    assert "consentguard release" not in said


def test_a_picture_called_after_a_pupil_is_refused_though_it_is_a_release(site, capsys):
    site.add("amara-winterbourne.jpg", site.released)
    assert hook("pre-commit") == 1
    said = capsys.readouterr().out
    assert "file-name: P001" in said
    assert "next: Give the file a name without a pupil's." in said
    site.git("mv", "amara-winterbourne.jpg", "pond.jpg")
    assert hook("pre-commit") == 0


def test_a_folder_called_after_a_pupil_is_refused_where_it_is_part_of_the_address(judge):
    for path, reasons in (
        ("static/amara-winterbourne/1.png", ("file-name",)),
        ("static/Winterbourne/2026/1.png", ("file-name",)),
        ("static/class3/1.png", ()),
        ("/home/winterbourne/site/1.png", ()),
    ):
        (verdict,) = judge.judge(path, still())
        assert verdict.reasons == reasons, path


def test_what_is_remembered_of_a_picture_says_nothing_of_its_name(judge):
    """Judged first under a good name, then under a bad one, and the other way round."""
    for seed, names in ((71, ("pond.png", "winterbourne.png")), (72, ("winterbourne.png", "pond.png"))):
        for name in names:
            (verdict,) = judge.judge(name, still(seed))
            assert verdict.photo == name
            assert ("file-name" in verdict.reasons) == (name == "winterbourne.png")
            assert (verdict.outcome is Outcome.PUBLISHABLE) == (name == "pond.png")


@given(
    st.text(alphabet="<>!\"'\\ab=:\n[]({})&;# altcpionfgure", max_size=400),
    st.sampled_from(["a.md", "a.html", "a.yml", "a.toml", "a.json", "a.csv", "a.xml", "a.rst", "a.jsx", "a.css"]),
)
def test_any_page_can_be_read_and_what_is_found_lies_within_it(text, path):
    page = "<img src='x.png'>" + text
    for caption in captions_in(path, page):
        assert 0 <= caption.line <= page.count("\n") + 1
        assert caption.text.strip() == caption.text != ""
