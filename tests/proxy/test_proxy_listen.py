"""Opening sockets, and what is said when that fails."""

import asyncio
import re
import socket
import stat
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from guardware.errors import GuardwareError
from guardware.proxy.listen import address_of, listen_tcp, listen_unix, remove_unix


def test_a_free_port() -> None:
    (opened,) = listen_tcp("127.0.0.1", 0)
    with opened:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address_of(opened, "http"))
        with socket.create_connection(opened.getsockname(), timeout=5):
            pass


async def test_an_answer_waits_for_nobodys_acknowledgement() -> None:
    """Without TCP_NODELAY every answer but a connection's first took 40 ms."""
    (opened,) = listen_tcp("127.0.0.1", 0)
    delays = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        delays.set_result(not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async with await asyncio.start_server(serve, sock=opened):
        _, writer = await asyncio.open_connection(*opened.getsockname())
        assert await delays is False
        writer.close()
        await writer.wait_closed()


def test_a_name_with_several_addresses_has_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    two = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: two)
    first, second = listen_tcp("art.example", 0)
    with first, second:
        assert first.getsockname()[1] == second.getsockname()[1]


def test_an_ipv6_address_in_a_url() -> None:
    with socket.socket(socket.AF_INET6) as opened:
        assert address_of(opened, "https") == "https://[::]:0/"


def test_a_port_in_use() -> None:
    (opened,) = listen_tcp("127.0.0.1", 0)
    with opened, pytest.raises(GuardwareError, match=r"something else listens there; .* another --port"):
        listen_tcp("127.0.0.1", opened.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "fault"),
    [
        ("192.0.2.1", "this machine has no such address; choose another --host"),
        ("nowhere.invalid", "no such host"),
        ("x" * 300, "no such host"),
        ("a\0b", "no such host"),
    ],
)
def test_an_address_that_is_not_here(host: str, fault: str) -> None:
    with pytest.raises(GuardwareError, match=fault):
        listen_tcp(host, 0)


def test_too_few_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", bind)
    with pytest.raises(GuardwareError, match=r"port 80: this needs more rights; choose a --port from 1024 on"):
        listen_tcp("127.0.0.1", 80)


def test_a_unix_socket_and_the_one_left_behind(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with listen_unix(path) as opened:
        assert address_of(opened, "http") == f"unix:{path}"
    # Closed, the file is still there: nobody serves it, so it may be replaced.
    with listen_unix(path), pytest.raises(GuardwareError, match="something else is there"):
        listen_unix(path)


@pytest.mark.parametrize("path", ["file", "missing/s", "x" * 200])
def test_a_unix_socket_that_cannot_be(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(GuardwareError, match="cannot listen on"):
        listen_unix(str(tmp_path / path))
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_the_rights_of_a_unix_socket(tmp_path: Path, mode: int) -> None:
    """Whatever the umask: a front mostly runs as another user."""
    path = tmp_path / "socket"
    with listen_unix(str(path), mode):
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_unix_socket_is_removed_when_nobody_serves_it(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with listen_unix(str(path)):
        remove_unix(str(path))
        assert path.exists()
    remove_unix(str(path))
    assert not path.exists()
    remove_unix(str(path))


def test_the_backlog_stays_though_few_are_accepted_at_a_time() -> None:
    (opened,) = listen_tcp("127.0.0.1", 0)
    with opened, ExitStack() as clients:
        opened.listen(1)  # as asyncio does where workers share a socket
        for _ in range(20):
            client = clients.enter_context(socket.create_connection(opened.getsockname(), timeout=5))
            client.sendall(b"x")


def test_a_socket_whose_owner_accepts_nobody(tmp_path: Path) -> None:
    """To ask it whether it lives must not wait until it does."""
    path = str(tmp_path / "s")
    with ExitStack() as stack:
        asleep = stack.enter_context(socket.socket(socket.AF_UNIX))
        asleep.bind(path)
        asleep.listen(0)
        with suppress(BlockingIOError):
            for _ in range(8):
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(path)
        with pytest.raises(GuardwareError, match="something else is there"):
            listen_unix(path)


def test_a_family_that_the_machine_does_not_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """An IPv6 that was never built in, under another number."""
    stream, tcp, where = socket.SOCK_STREAM, socket.IPPROTO_TCP, ("127.0.0.1", 0)
    found = [(socket.AF_INET, stream, tcp, "", where), (200, stream, tcp, "", where)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    (opened,) = listen_tcp("localhost", 0)
    opened.close()
