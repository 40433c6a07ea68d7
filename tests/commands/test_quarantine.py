"""What `keyart quarantine` says of the exposures that it leaves out."""

import pytest

from app.commands.quarantine import sentence

SPANS = [{"since": 100, "until": 200}, {"since": 300, "until": 400}]


@pytest.mark.parametrize(
    ("base", "said"),
    [
        (None, "All of it is folded out."),
        (100, "All of it is folded out."),
        (101, "All of it is folded out, except everything learned before "),
        (399, "All of it is folded out, except everything learned before "),
        (400, "It is not folded out, because all of it was learned before "),
    ],
)
def test_the_oldest_base_decides_how_much_is_folded_out(base: int | None, said: str) -> None:
    found = sentence({"quarantines": SPANS, "folded_out": True, "folds_since": base})
    assert found.startswith(said)
    assert ("keyart rebuild --publish" in found) == ("before" in said)


def test_it_is_told_while_the_trainer_folds() -> None:
    assert "run this command again" in sentence({"quarantines": SPANS, "folded_out": False, "folds_since": 400})
    assert sentence({"quarantines": [], "folds_since": 400}) == "Nothing is in quarantine."
