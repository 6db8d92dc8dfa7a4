"""The server's certificate: checked as a pair, and exchanged while connections go on."""

import logging
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guardware.errors import GuardwareError
from guardware.proxy.reload import Stamp, stamp_of

logger = logging.getLogger("guardware.tls")


class Certificate:
    """The chain in ``cert`` and its key in ``key``, both PEM files, and the ``context`` of new connections.

    TLS 1.2 and later (RFC 8996 forbids what was before); HTTP/1.1 is what it speaks within. Raises GuardwareError
    if the files cannot be used.
    """

    def __init__(self, cert: str, key: str) -> None:
        self._cert, self._key = cert, key
        self.context = _context()
        self._load()

    def stamp(self) -> Stamp | None:
        """What changes with either file; None while one of them is away."""
        cert, key = stamp_of(Path(self._cert)), stamp_of(Path(self._key))
        return None if cert is None or key is None else cert + key

    async def reload(self) -> bool:
        """Take what the files hold for connections to come; False, and the log says why, if that cannot be."""
        try:
            self._load()  # two small files: a thread would take longer
        except GuardwareError as error:
            logger.error("%s. The certificate before it stays in use", error)
            return False
        logger.info("%s: the certificate was read again, and is in use", self._cert)
        return True

    def _load(self) -> None:
        try:
            # What is tried and what is used must be the same bytes, though somebody writes to the files meanwhile.
            with _copied(self._cert) as cert, _copied(self._key) as key:
                _use(_context(), cert, key)
                _use(self.context, cert, key)
        except OSError as error:  # ssl.SSLError is one
            raise GuardwareError(
                f"cannot use the certificate {self._cert} with the key {self._key} ({error.strerror or error}); "
                "both must be readable PEM files without a password, and belong together"
            ) from None


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def _use(context: ssl.SSLContext, cert: str, key: str) -> None:
    # Without a password to try, OpenSSL would ask for one on the terminal, and wait.
    context.load_cert_chain(cert, key, password="")


@contextmanager
def _copied(path: str) -> Iterator[str]:
    """The name of a copy in memory: a key is not to lie about in a second place. Raises OSError."""
    file = os.memfd_create("guardware")
    try:
        os.write(file, Path(path).read_bytes())
        yield f"/proc/self/fd/{file}"
    finally:
        os.close(file)
