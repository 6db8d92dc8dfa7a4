"""The server killed in the middle of its work: no original out, no worker left, and the cache whole."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from real_pictures import picture

from .pictures import shares_bytes
from .processes import guarded_server, program, run

WORKS = ("astronaut", "chelsea", "coffee", "rocket")


def workers_below(pid: int) -> list[int]:
    """The worker processes of the server, by the kernel's own list of children."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listed in children for child in listed.read_text().split()]


def gone(pid: int) -> bool:
    try:
        return "(zombie)" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_kill_9_while_pictures_are_made(tmp_path: Path) -> None:
    art, loot = tmp_path / "art", tmp_path / "loot"
    art.mkdir()
    loot.mkdir()
    originals = {}
    for work in WORKS:
        picture(work).save(art / f"{work}.png")
        originals[work] = (art / f"{work}.png").read_bytes()
    config = tmp_path / "guardware.yaml"
    config.write_text(f"store: {{folder: {tmp_path / 'state'}}}\n")
    guardware = str(Path(sys.executable).with_name("guardware"))
    argv = [guardware, "serve", "--root", str(art), "--config", str(config), "--port", "0"]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert server.stdout is not None
        line = ""
        while "Listening on " not in line:
            line = server.stdout.readline()
        base = line.split()[-1].rstrip("/")
        curls = [
            subprocess.Popen([program("curl"), "-s", "-o", str(loot / work), f"{base}/{work}.png"])
            for work in WORKS
        ]
        deadline = time.monotonic() + 20
        while not (children := workers_below(server.pid)) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.3)
        server.send_signal(signal.SIGKILL)
        for client in curls:
            client.wait(20)
    finally:
        server.kill()
        server.communicate()
    assert children
    deadline = time.monotonic() + 20
    while not all(map(gone, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(map(gone, children)), "workers outlived their server"
    for taken in loot.iterdir():
        assert not shares_bytes(taken.read_bytes(), originals[taken.name])
    with guarded_server(art, config, tmp_path / "server.log") as again:
        for work in WORKS:
            out = run([program("curl"), "-sSf", f"{again}/{work}.png"], cwd=tmp_path).output
            assert out.startswith(b"\x89PNG")
            assert not shares_bytes(out, originals[work])
    assert os.listdir(tmp_path / "state" / "variants")
