"""What systemd and a service tell each other: sd_listen_fds(3) and sd_notify(3)."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from guardware.errors import GuardwareError
from guardware.proxy.systemd import Notifier, notifier, sockets


def handed(count: int = 1, pid: int | None = None) -> dict[str, str]:
    return {"LISTEN_PID": str(pid or os.getpid()), "LISTEN_FDS": str(count), "LISTEN_FDNAMES": "a", "HOME": "/"}


def test_a_socket_that_is_open_already() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as given:
        given.bind(("127.0.0.1", 0))
        given.listen()
        environment = handed()
        (taken,) = sockets(environment, first=os.dup(given.fileno()))
        with taken:
            assert taken.getsockname() == given.getsockname()
            assert taken.proto == socket.IPPROTO_TCP, "else asyncio does not set TCP_NODELAY"
            assert not taken.get_inheritable()
    assert environment == {"HOME": "/"}, "children are not to take it for theirs"


@pytest.mark.parametrize(
    "environment",
    [{}, handed(0), handed(pid=1), {"LISTEN_FDS": "1"}, {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "-1"}],
)
def test_no_sockets_for_us(environment: dict[str, str]) -> None:
    assert sockets(environment) == []
    assert not {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} & set(environment)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_on_which_nobody_can_listen(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as given, pytest.raises(GuardwareError, match="wants ListenStream="):
        sockets(handed(), first=given.detach())


def test_what_is_no_socket() -> None:
    read, write = os.pipe()
    with pytest.raises(GuardwareError, match="wants ListenStream="):
        sockets(handed(), first=read)
    os.close(read)
    os.close(write)


def test_states_are_told(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service_manager:
        service_manager.bind(str(path))
        environment = {"NOTIFY_SOCKET": str(path)}
        told = notifier(environment)
        assert environment == {}
        told.ready("2 workers")
        told.reloading()
        told.stopping()
        heard = [service_manager.recv(200).decode().split("\n") for _ in range(3)]
    assert heard[0] == ["READY=1", "STATUS=2 workers"]
    assert heard[1][0] == "RELOADING=1"
    assert heard[1][1].startswith("MONOTONIC_USEC=")
    assert heard[2] == ["STOPPING=1"]


def test_an_abstract_address() -> None:
    name = f"guardware-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service_manager:
        service_manager.bind(f"\0{name}")
        Notifier(f"@{name}").ready()
        assert service_manager.recv(200).startswith(b"READY=1")


@pytest.mark.parametrize("path", ["", "/nowhere/notify"])
def test_nobody_listens(path: str) -> None:
    Notifier(path).ready("fine")


def test_a_service_whose_socket_outlives_it(tmp_path: Path) -> None:
    """As systemd does: a connection that is made while nothing serves is answered by the next start."""
    script = (
        "import os, sys; os.environ['LISTEN_PID'] = str(os.getpid());"
        "sys.argv[1:] = ['serve', '--root', '.', '--port', '1'];"
        "from guardware.cli import main; main()"
    )
    manager = tmp_path / "notify"
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as opened,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as service_manager,
    ):
        opened.bind(("127.0.0.1", 0))
        opened.listen()
        service_manager.bind(str(manager))
        service_manager.settimeout(30)
        with socket.create_connection(opened.getsockname(), timeout=30) as early:
            early.sendall(b"GET /.guardware/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            process = subprocess.Popen(
                [sys.executable, "-c", f"import os; os.dup2({opened.fileno()}, 3, True); exec({script!r})"],
                cwd=tmp_path,
                env={**os.environ, "LISTEN_FDS": "1", "NOTIFY_SOCKET": str(manager)},
                pass_fds=[opened.fileno()],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                assert service_manager.recv(200).startswith(b"READY=1")
                assert early.recv(64).startswith(b"HTTP/1.1 200")
            finally:
                process.terminate()
                assert process.wait(20) == 0
