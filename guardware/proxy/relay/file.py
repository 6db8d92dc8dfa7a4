"""A file sent by the kernel: ``sendfile`` from its pages to the visitor's socket."""

import asyncio
import os

from guardware.errors import BrokenAnswerError
from guardware.proxy.relay.outlet import Outlet

_PIECE = 1024 * 1024
"""Bytes after which others get their turn: a visitor on the same machine may never make us wait."""


async def send_file(path: str, length: int, outlet: Outlet) -> None:
    """Send the first ``length`` bytes of the file.

    Raises BrokenAnswerError if it cannot be opened or has fewer, OSError if the visitor hangs up.
    """
    try:
        fd = await asyncio.to_thread(os.open, path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise BrokenAnswerError(f"a file could not be opened: {error.strerror}") from error
    try:
        while outlet.written < length:
            try:
                sent = os.sendfile(outlet.fd, fd, outlet.written, min(length - outlet.written, _PIECE))
            except BlockingIOError:
                await outlet.writable()
                continue
            if sent == 0:
                raise BrokenAnswerError("a file became shorter while it was sent")
            outlet.written += sent
            await asyncio.sleep(0)
            outlet.check()
    finally:
        os.close(fd)
