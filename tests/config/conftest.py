"""The environment that the configurations in tests/corpora/configs are read in."""

import pytest

VARIABLES = {"GW_NAME": "Ada", "GW_SECRET": "s3cret", "GW_NUMBER": "120", "GW_SMALLER": "70"}


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Sets the variables of the corpus, and makes sure that those it needs unset are."""
    for name in ("GW_MISSING", "GW_HOST", "GW_TIMEOUT", "GW_PROXY", "A", "B"):
        monkeypatch.delenv(name, raising=False)
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    return VARIABLES
