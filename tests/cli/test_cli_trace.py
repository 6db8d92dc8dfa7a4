"""``guardware trace``: what it prints, as text and as JSON, and what is asked wrongly."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from real_pictures import small_picture
from trace_samples import MASTER, T1_MARK, copy, gallery, png, write_record

from guardware.cli import COMMANDS
from guardware.cli.trace import command
from guardware.errors import GuardwareError
from guardware.images.trace.blind import embed
from guardware.keys import derive


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the configuration, the state, the originals and three files found elsewhere."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "state").mkdir()
    write_record(folder / "state" / "trace", gallery(folder / "originals"))
    (folder / "guardware.yaml").write_text(f"store:\n  folder: {folder / 'state'}\n")
    (folder / "found").mkdir()
    (folder / "found" / "a.png").write_bytes(png(copy("coffee", 123)))
    (folder / "found" / "b.png").write_bytes(png(small_picture("chelsea")))
    (folder / "found" / "c.txt").write_text("not a picture")
    return folder


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUARDWARE_SECRET", MASTER.decode())


def run(site: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, ["--config", str(site / "guardware.yaml"), *map(str, arguments)])


def test_it_is_in_the_table_of_commands() -> None:
    assert "trace" in COMMANDS


def test_a_leak_in_words(site: Path) -> None:
    result = run(site, site / "found" / "a.png", "--original", site / "originals")
    assert result.exit_code == 0, result.output
    assert "coffee.png (frame, likeness " in result.stdout
    assert "mark      000000007b (T2, z 1" in result.stdout
    assert "tag fits) given to\n" in result.stdout
    assert "2023-11-14 22:13:20 UTC  event-123  client client-123  /art/1.jpg  'Mozilla/5.0 “x”'" in result.stdout


def test_a_folder_as_json(site: Path) -> None:
    """Every picture in it has a line; what is found in neither is no failure."""
    result = run(site, site / "found", "--original", site / "originals", "--json")
    assert result.exit_code == 0, result.output
    leak, own = map(json.loads, result.stdout.splitlines())
    assert (Path(leak["file"]).name, Path(own["file"]).name) == ("a.png", "b.png")
    assert [(one["mark"], one["accuses"]) for one in leak["findings"]] == [("000000007b", True)]
    assert leak["findings"][0]["entries"][0]["event"] == "event-123"
    assert own["findings"] == []
    assert any(text.startswith("T2, key ") for text in own["tried"])


def test_nothing_found_says_what_was_tried_and_what_would_help(site: Path, tmp_path: Path) -> None:
    originals = site / "originals" / "chelsea.png"
    result = run(site, site / "found" / "b.png", "--original", originals, "--record", tmp_path)
    assert result.exit_code == 0, result.output
    assert "nothing   no mark was found" in result.stdout
    assert "tried     T1 with the original, key " in result.stdout
    assert "advice    the record names no marked copy of this original" in result.stdout


def test_a_shared_mark_lists_the_visits(site: Path, tmp_path: Path) -> None:
    (tmp_path / "leak.png").write_bytes(png(embed(small_picture("rocket"), T1_MARK, derive(MASTER, "trace"))))
    result = run(site, tmp_path / "leak.png", "--original", site / "originals" / "rocket.png")
    assert "given to, one of 3 visits that got this copy" in result.stdout
    assert [line.split()[3] for line in result.stdout.splitlines() if "UTC" in line] == [
        "shared-0", "shared-1", "shared-2",
    ]  # fmt: skip


def test_another_record(site: Path, tmp_path: Path) -> None:
    """Here an empty one: the mark is read, and nobody is named."""
    result = run(
        site, site / "found" / "a.png", "--original", site / "originals" / "coffee.png", "--record", tmp_path
    )
    assert "mark      000000007b" in result.stdout
    assert "is not in the record" in result.stdout
    assert "given to" not in result.stdout


def test_a_file_that_cannot_be_read_is_a_failure_after_all_others(site: Path, tmp_path: Path) -> None:
    tiny = tmp_path / "tiny.png"
    tiny.write_bytes(png(small_picture("sky").resize((20, 20))))
    result = run(site, site / "found" / "c.txt", tiny)
    assert isinstance(result.exception, GuardwareError)
    assert str(result.exception) == "1 of 2 files could not be read"
    assert "c.txt: no picture" in result.stdout
    assert "too small or too narrow" in result.stdout


def test_without_a_key_nothing_is_read_and_none_is_made(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUARDWARE_SECRET")
    result = run(site, site / "found" / "a.png")
    assert isinstance(result.exception, GuardwareError)
    assert "there is no key to read marks with" in str(result.exception)
    assert [path.name for path in (site / "state").iterdir()] == ["trace"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["nowhere.png"], "does not exist"),
        (["{site}/state"], "there are no pictures in what you named"),
        (["{site}/found", "--original", "nowhere"], "does not exist"),
        (["{site}/found", "--record", "{site}/found/a.png"], "is a file"),
    ],
)
def test_what_is_asked_wrongly(site: Path, arguments: list[str], message: str) -> None:
    result = run(site, *(argument.format(site=site) for argument in arguments))
    assert result.exit_code == 2
    assert message in result.output


def test_originals_that_are_none(site: Path) -> None:
    result = run(site, site / "found" / "a.png", "--original", site / "found" / "c.txt")
    assert isinstance(result.exception, GuardwareError)
    assert "none of the originals can be read" in str(result.exception)


@pytest.mark.parametrize(("mark", "told"), [("000000007b", True), ("00000000ff", False)])
def test_a_number_written_in_the_file_is_told_and_names_nobody(
    site: Path, tmp_path: Path, mark: str, told: bool
) -> None:
    found = tmp_path / "found.png"
    found.write_bytes(png(small_picture("chelsea")) + f"guardware:{mark}".encode())
    result = run(site, found)
    assert ("which anybody can change" in result.stdout) is told
    assert ("event-123" in result.stdout) is told
    assert "given to" not in result.stdout
    (report,) = map(json.loads, run(site, found, "--json").stdout.splitlines())
    assert {entry["event"] for entry in report["stated"]} == ({"event-123"} if told else set())
    assert not any(finding["accuses"] for finding in report["findings"])
