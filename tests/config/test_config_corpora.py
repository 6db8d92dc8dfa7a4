"""The corpora: what must load, and what must be refused with exactly these lines."""

import re
from pathlib import Path

import pytest

from guardware.config import Config, load
from guardware.errors import ConfigError

CONFIGS = Path(__file__).parent.parent / "corpora" / "configs"
GOOD = sorted(path.name for path in (CONFIGS / "good").glob("*.yaml"))
BAD = sorted(path.name for path in (CONFIGS / "bad").glob("*.yaml"))

FAULT = re.compile(r"[^:]+\.yaml:[1-9]\d*:[1-9]\d*: .+: [^;]+; .+")


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("name", GOOD)
def test_good_configurations_load(name: str) -> None:
    assert isinstance(load(CONFIGS / "good" / name), Config)


@pytest.mark.usefixtures("variables")
@pytest.mark.parametrize("name", BAD)
def test_bad_configurations_are_refused_with_every_fault(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CONFIGS / "bad")
    with pytest.raises(ConfigError) as raised:
        load(name)
    assert raised.value.faults == Path(name).with_suffix(".expected").read_text("utf-8").splitlines()


@pytest.mark.parametrize("name", BAD)
def test_every_fault_has_place_key_and_mend_and_no_secret(name: str) -> None:
    expected = (CONFIGS / "bad" / name).with_suffix(".expected").read_text("utf-8")
    for line in expected.splitlines():
        assert FAULT.fullmatch(line), line
        assert "geheim" not in line
        assert "s3cret" not in line


def test_what_the_corpus_has() -> None:
    assert len(GOOD) >= 9
    assert len(BAD) >= 35
    assert {Path(name).stem for name in BAD} == {path.stem for path in (CONFIGS / "bad").glob("*.expected")}
