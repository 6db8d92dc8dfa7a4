"""What systemd and a service tell each other: sockets that are open already, and how the service fares."""

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

from guardware.errors import GuardwareError
from guardware.proxy.listen import Listener

_FIRST = 3
"""The first descriptor that is handed over (sd_listen_fds(3), SD_LISTEN_FDS_START)."""

OURS = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "NOTIFY_SOCKET")
"""Meant for this process and none that it starts."""


def sockets(environment: MutableMapping[str, str] = os.environ, first: int = _FIRST) -> list[Listener]:
    """The listening sockets that systemd opened for this process (sd_listen_fds(3)); empty without any.

    Takes the variables out of ``environment``. Raises GuardwareError for a socket that nobody can listen on.
    """
    pid, count = environment.pop("LISTEN_PID", ""), environment.pop("LISTEN_FDS", "")
    environment.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdigit():
        return []  # meant for another process, whose child this is
    return [_taken(number) for number in range(first, first + int(count))]


def _taken(number: int) -> Listener:
    mend = "the socket unit wants ListenStream="
    try:
        opened = Listener(fileno=number)
    except OSError as error:
        raise GuardwareError(f"cannot use descriptor {number} of LISTEN_FDS ({error}); {mend}") from None
    if opened.type != socket.SOCK_STREAM or not opened.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        opened.close()
        raise GuardwareError(f"descriptor {number} of LISTEN_FDS is no socket that listens; {mend}")
    opened.set_inheritable(False)
    return opened


class Notifier:
    """Tells systemd of the service's state (sd_notify(3)); says nothing where nobody asked to be told.

    ``path``: the value of NOTIFY_SOCKET; a name that begins with @ is an abstract one.
    """

    def __init__(self, path: str = "") -> None:
        self._address = "\0" + path[1:] if path.startswith("@") else path

    def ready(self, status: str = "") -> None:
        """Requests are taken; also after a reload."""
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        # Type=notify-reload wants the time (systemd 253 and later).
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        # Whoever does not listen is no reason to serve nobody.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told:
            told.setblocking(False)
            told.sendto("\n".join(lines).encode(), self._address)


def notifier(environment: MutableMapping[str, str] = os.environ) -> Notifier:
    """The notifier of this process. Takes the variable out of ``environment``."""
    return Notifier(environment.pop("NOTIFY_SOCKET", ""))
