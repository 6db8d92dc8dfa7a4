"""img2dataset, with which most image training sets were downloaded."""

import json
from pathlib import Path

from .pictures import Gallery, assert_previews, files_below, is_picture
from .processes import client_program, run


def img2dataset(guarded: str, gallery: Gallery, loot: Path, *options: str) -> dict[str, int]:
    """Run it on every picture of the gallery; how many downloads ended with which status."""
    urls = loot.with_name("urls.txt")
    urls.write_text(gallery.url_list(guarded))
    argv = [client_program("img2dataset"), f"--url_list={urls}", f"--output_folder={loot / 'out'}"]
    speed = ["--processes_count=1", "--thread_count=4", "--timeout=20"]
    finished = run([*argv, *speed, *options], cwd=loot, timeout=90)
    stats = loot / "out" / "00000_stats.json"
    assert stats.exists(), finished.output
    statuses: dict[str, int] = json.loads(stats.read_text())["status_dict"]
    return statuses


def stored_pictures(loot: Path) -> list[bytes]:
    return [data for data in files_below(loot) if is_picture(data)]


def test_by_default_it_is_refused_and_stores_nothing(guarded: str, gallery: Gallery, loot: Path) -> None:
    assert img2dataset(guarded, gallery, loot) == {"Use of image disallowed by X-Robots-Tag directive": 12}
    assert stored_pictures(loot) == []


# Bytes stored as they came, whatever the notices say.
REGARDLESS = ("--disallowed_header_directives=[]", "--resize_mode=no", "--disable_all_reencoding=True")


def test_disregarding_the_notices_it_gets_previews(guarded: str, gallery: Gallery, loot: Path) -> None:
    """Unless told otherwise it sends the user-agent of an old Firefox."""
    assert img2dataset(guarded, gallery, loot, *REGARDLESS) == {"success": 12}
    stored = stored_pictures(loot)
    assert len(stored) == 12
    assert_previews(stored, gallery)


def test_disregarding_the_notices_under_its_own_name_it_gets_nothing(
    guarded: str, gallery: Gallery, loot: Path
) -> None:
    statuses = img2dataset(guarded, gallery, loot, *REGARDLESS, "--user_agent_token=laion")
    assert statuses == {"HTTP Error 403: Forbidden": 12}
    assert stored_pictures(loot) == []
