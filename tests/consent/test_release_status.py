"""A release stands until something that it rests on is gone."""

from datetime import date

from consentguard.consent.policy.policy import Policy
from consentguard.consent.record.release_status import why_fallen
from consentguard.consent.register.register import Register

TODAY = date(2026, 9, 14)
HEADER = "id,role,class,legal_forename,legal_surname,social_media,social_media_granted,social_media_withdrawn\n"


def register(*rows: str) -> Register:
    return Register.parse((HEADER + "\n".join(rows) + "\n").encode(), "a test")


CONSENTED = register("P001,pupil,3A,Ann,Able,yes,2026-09-01,", "P002,pupil,3A,Ben,Best,no,,")


def fallen(people: tuple[str, ...] = ("P001",), policy: Policy | None = None, **changed: object) -> str:
    """The code, or ""."""
    shipped = Policy.shipped()
    asked: dict[str, object] = {
        "made_for": shipped.default_channel,
        "mode": "off",
        "policy_sha256": shipped.digest,
        "people": people,
        "custom_parts": (),
        "channel": shipped.default_channel,
        "on": TODAY,
    }
    why = why_fallen(CONSENTED, policy or shipped, **{**asked, **changed})  # type: ignore[arg-type]
    return why[0] if why else ""


def test_a_release_stands_until_something_that_it_rests_on_is_gone() -> None:
    assert fallen() == ""
    assert fallen(channel=None) == ""
    assert fallen(people=("P002",)) == "consent-gone"
    assert fallen(people=("P009",)) == "consent-gone"
    told = why_fallen(
        CONSENTED, Policy.shipped(), made_for="main", mode="off", policy_sha256=Policy.shipped().digest,
        people=("P009",), custom_parts=(), channel=None, on=TODAY,
    )  # fmt: skip
    assert told is not None
    assert "P009: not in the register a test" in told[1], "a wrong register is told from a consent that has gone"
    assert fallen(mode="matched") == "policy-changed", "the shipped policy has no such mode"
    assert fallen(policy_sha256="0" * 64) == "policy-changed"
    assert fallen(channel="another") == "other-channel"
    assert fallen(custom_parts=("detector",)) == "custom-part"
    assert fallen(revoked="2026-09-13", custom_parts=("detector",)) == "revoked"
