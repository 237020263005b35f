"""[sentences]: which words of the school's own document each reason and finding serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from consentguard.consent.policy.toml_keys import Keys
from consentguard.values import Finding


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences of the document that the policy file puts into keys.

    Attributes:
        document: what it is called, such as "SCH 026".
        by_code: reason or rule code -> its sentence; codes without one serve the design (docs/codes.md).
    """

    document: str = ""
    by_code: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def read(cls, keys: Keys) -> Sentences:
        document = keys.text("document", "")
        by_code = {code: keys.text(code) for code in keys.names()}
        if by_code and not document.strip():
            keys.wrong("document", "what is the document called that these sentences are from?")
        return cls(document, MappingProxyType(by_code))

    def of(self, code: str) -> str:
        """The document and its sentence behind a code, as a message ends with it; "" where there is none."""
        return f'{self.document}: "{self.by_code[code]}"' if code in self.by_code else ""

    def quoted(self, finding: Finding) -> Finding:
        """The same finding with the sentence behind it, where there is one."""
        sentence = self.of(finding.rule)
        return replace(finding, message=f"{finding.message}. {sentence}") if sentence else finding
