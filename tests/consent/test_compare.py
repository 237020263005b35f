"""What changed between two registers, and what is in one."""

from datetime import date

from consentguard.consent.register.compare import compare, count, kept_too_long
from consentguard.consent.register.register import Register
from consentguard.values import Standing

TODAY = date(2026, 9, 14)
HEADER = "id,role,class,legal_forename,legal_surname,social_media,social_media_granted,social_media_withdrawn\n"


def register(*rows: str) -> Register:
    return Register.parse((HEADER + "\n".join(rows) + "\n").encode(), "a test")


def test_what_changed_between_two_registers_is_told_by_id() -> None:
    old = register(
        "P001,pupil,3A,Ann,Able,yes,2026-09-01,",
        "P002,pupil,3A,Ben,Best,no,,",
        "P003,pupil,3A,Cat,Cole,yes,2026-09-01,",
        "P004,pupil,3A,Dan,Dale,yes,2026-09-01,",
    )
    new = register(
        "P001,pupil,3A,Ann,Able,yes,2026-09-01,2026-09-10",
        "P002,pupil,3B,Ben,Best,yes,2026-09-09,",
        "P004,pupil,3A,Dan,Dole,yes,2026-09-01,",
        "P005,pupil,3A,Eve,East,yes,2026-09-09,",
    )
    changes = compare(old, new, TODAY)
    assert [str(change) for change in changes if change.what != "biometric"] == [
        "P001: lost social_media (consented -> withdrawn)",
        "P002: class",
        "P002: gained social_media (no-consent -> consented)",
        "P003: gone",
        "P003: lost social_media (consented -> not in it)",
        "P004: names",
        "P005: joined",
        "P005: gained social_media (not in it -> consented)",
    ]
    assert not compare(old, old, TODAY)


def test_a_register_is_counted() -> None:
    stats = count(register("P001,pupil,3A,Ann,Able,yes,2026-09-01,", "P002,pupil,3A,Ben,Best,no,,"), TODAY)
    assert stats.roles["pupil"] == 2
    assert stats.scopes["social_media"] == {Standing.CONSENTED: 1, Standing.NO_CONSENT: 1}
    assert stats.left == 0
    assert not kept_too_long(register("P001,pupil,3A,Ann,Able,no,,"), TODAY, 12)
