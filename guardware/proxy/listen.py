"""Opening the sockets to listen on, with a clear error when that fails."""

import errno
import os
import socket
import stat
from contextlib import suppress

from guardware.errors import GuardwareError

BACKLOG = 2048
"""Connections that may wait to be accepted (uvicorn's default; the kernel may hold it lower)."""

UDS_MODE = 0o666
"""Who may connect to a unix socket: everybody on the machine, as to a port; a front runs as another user."""

_MENDS = {
    errno.EADDRINUSE: "something else listens there; stop it or choose another --port",
    errno.EACCES: "this needs more rights; choose a --port from 1024 on",
    errno.EPERM: "this needs more rights; choose a --port from 1024 on",
    errno.EADDRNOTAVAIL: "this machine has no such address; choose another --host",
}


_LACKING = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""What a machine without IPv6 says: it is turned off for all interfaces, or was never built in."""


class Listener(socket.socket):
    """A listening socket whose backlog stays ``BACKLOG``.

    asyncio has one number for the connections that may wait and for those that one process accepts at a time.
    The second must be small where several processes share the socket, else one takes them all.
    """

    def listen(self, backlog: int = BACKLOG, /) -> None:
        super().listen(BACKLOG)


def listen_tcp(host: str, port: int) -> list[Listener]:
    """A listening socket for each address of ``host``; port 0 takes a free one. Raises GuardwareError."""
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise GuardwareError(f"cannot listen on {host!r}: no such host ({error}); choose another --host") from None
    sockets: list[Listener] = []
    for family, _, _, _, address in dict.fromkeys(found):
        # The second address of a name takes the port that the first was given.
        where = (address[0], sockets[0].getsockname()[1] if sockets else port, *address[2:])
        try:
            sockets.append(_open(family, where))
        except OSError as error:
            if sockets and error.errno in _LACKING:
                continue  # "localhost" names ::1 on machines without IPv6, too
            for opened in sockets:
                opened.close()
            mend = _MENDS.get(error.errno or 0, error.strerror or str(error))
            raise GuardwareError(f"cannot listen on {where[0]} port {where[1]}: {mend}") from None
    return sockets


def listen_unix(path: str, mode: int = UDS_MODE) -> Listener:
    """A listening unix socket at ``path``, in place of one that nobody serves. Raises GuardwareError.

    ``mode``: of the file, whatever the umask; who may write to it may connect (unix(7)).
    """
    opened = Listener(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_stale(path):
            os.unlink(path)
        opened.bind(path)
        os.chmod(path, mode)  # before ``listen``: until then nobody can connect
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        in_use = "something else is there; remove it or choose another path"
        mend = in_use if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise GuardwareError(f"cannot listen on {path}: {mend}") from None
    return opened


def address_of(opened: socket.socket, scheme: str) -> str:
    """Where a browser finds a listening socket; for a unix socket its path."""
    if opened.family == socket.AF_UNIX:
        return f"unix:{opened.getsockname()}"
    host, port = opened.getsockname()[:2]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/"


def remove_unix(path: str) -> None:
    """Remove the socket at ``path`` if nobody listens on it any more."""
    if _is_stale(path):
        with suppress(OSError):
            os.unlink(path)


def _open(family: int, where: tuple[object, ...]) -> Listener:
    # With the protocol left at 0, asyncio does not set TCP_NODELAY on what is accepted, and every answer but the
    # first of a connection waits 40 ms for the other side's acknowledgement.
    opened = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
        opened.bind(where)
        opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _is_stale(path: str) -> bool:
    """Whether a socket lies at ``path`` that nobody listens on."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return False
    except OSError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # else it waits where somebody listens and accepts nobody
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False
