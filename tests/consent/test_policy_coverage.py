"""docs/policy-coverage.md: every sentence has its rule, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from consentguard.consent.codes import FINDINGS, REASONS
from consentguard.consent.policy.explain import explain
from consentguard.consent.policy.policy import Policy
from consentguard.consent.register.people import SCOPES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/policy-coverage.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split(" | "))
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| sentence")
]


def test_every_row_has_its_kind_and_all_but_a_persons_have_a_test():
    assert len(ROWS) >= 50
    for sentence, rule, kind, *tests in ROWS:
        assert kind in ("enforced", "supported", "for a person"), sentence
        assert rule, sentence
        assert (kind == "for a person") == (not any("tests/" in test for test in tests)), sentence


def test_every_named_test_exists():
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) == PAGE.count("tests/")
    for file, name in named:
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_every_sentence_that_a_rule_about_words_serves_has_a_row():
    sentences = {row[0] for row in ROWS}
    assert set(Policy.shipped().sentences.by_code.values()) <= sentences


def test_every_key_and_code_of_the_page_is_real():
    keys = {key.key for key in explain(Policy.shipped_bytes(), "shipped")}
    tables = {key.partition(".")[0] for key in keys}
    for name in re.findall(r"`([a-z]+\.[a-z_]+)`", PAGE):
        if name.partition(".")[0] in tables and not name.endswith(".md"):
            assert any(key == name or key.startswith(f"{name}.") for key in keys), name
    for code in re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE):
        if not code.startswith("audit-"):  # those are commands
            assert code in {**REASONS, **FINDINGS}, code


def test_the_consent_form_asks_for_every_scope_and_the_retention_table_names_the_key():
    paper = (ROOT / "docs/dpia-template.md").read_text(encoding="utf-8")
    for scope in (*SCOPES, "biometric", "retention.leavers_months", "posting.delete_sources"):
        assert f"`{scope}`" in paper, scope
    assert f"({Policy.shipped().retention.leavers_months} as shipped)" in paper
