"""Bodies of any length on raw connections: made, counted and checked piece by piece, never held."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

PIECE = 1 << 20

Lines = tuple[tuple[str, str], ...]


class Taken(NamedTuple):
    """A body: how long it was, and its CRC-32."""

    length: int
    checksum: int


def sparse(path: Path, size: int) -> Taken:
    """A file of ``size`` bytes at ``path``: holes, and here and there something that is nowhere else in it."""
    with path.open("wb") as file:
        file.truncate(size)
        for at in (*range(0, size, 7 * PIECE + 4321), size - 64):
            os.pwrite(file.fileno(), at.to_bytes(64, "big")[: size - at], at)
    with path.open("rb") as file:
        return taken(iter(lambda: file.read(PIECE), b""))


def taken(pieces: Iterator[bytes]) -> Taken:
    length = checksum = 0
    for piece in pieces:
        length += len(piece)
        checksum = crc32(piece, checksum)
    return Taken(length, checksum)


def request(connection: socket.socket, target: str, lines: Lines, method: str = "GET") -> None:
    """Send a request's head."""
    head = "".join(f"{name}: {value}\r\n" for name, value in lines if name != "Connection")
    connection.sendall(
        f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{head}Connection: close\r\n\r\n".encode()
    )


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """The status of the answer, and what has come of its body."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def rest(connection: socket.socket, body: bytes) -> Iterator[bytes]:
    """The body from ``body`` on, to the connection's end."""
    yield body
    yield from iter(lambda: connection.recv(PIECE), b"")
