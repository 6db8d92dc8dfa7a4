"""Account: which account of the site a visit belongs to, as a trusted proxy or the session cookie says."""

import hashlib
import re

MAX_ACCOUNT = 256
"""Bytes up to which an account is kept as it is; of longer ones (a signed token) a hash is."""


class AccountReader:
    """Reads the account of a visit: from the header ``header``, else from the cookie ``cookie``; "" for neither.

    A header counts only from a trusted proxy. If the visitor sends several cookies of the name, it is the last, as
    Starlette, Django and Litestar read it.
    """

    def __init__(self, header: str, cookie: str) -> None:
        self._header = header.lower().encode()
        name = re.escape(cookie.encode())
        # Linear: spaces are tried only behind a semicolon, and the value stops at the next one.
        self._cookie = re.compile(rb'(?:^|;)[ \t]*%b[ \t]*=[ \t]*"?([^;"]*)' % name) if cookie else None

    def read(self, values: dict[bytes, bytes], cookie: bytes | None, trusted: bool) -> bytes:
        """At most ``MAX_ACCOUNT`` bytes; b"" for nobody. ``values``: the headers by name."""
        account = b""
        if self._header:
            account = values.get(self._header, b"") if trusted else b""
        elif cookie and self._cookie is not None and (found := self._cookie.findall(cookie)):
            account = found[-1].rstrip()
        if len(account) <= MAX_ACCOUNT:
            return account
        return hashlib.blake2b(account, digest_size=32).hexdigest().encode()
