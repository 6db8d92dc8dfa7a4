"""Account: which account of the site a visit belongs to, as a trusted proxy or the session cookie says."""

import hashlib
import inspect
import logging
import re
from collections.abc import Callable

from guardware.errors import ConfigError
from guardware.http import Scope

logger = logging.getLogger("guardware")

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
        return shortened(account)


class AccountFunction:
    """The owner's own function, which is given the ASGI scope of each request. Raises ConfigError if it is
    asynchronous."""

    def __init__(self, function: Callable[[Scope], str | None]) -> None:
        if inspect.iscoroutinefunction(function):
            raise ConfigError(["account is asynchronous; give a plain function that looks it up in the scope"])
        self._function = function
        self._failed = False

    def __call__(self, scope: Scope) -> bytes:
        """What it says; an error of its must not cost the visitor the page."""
        try:
            return shortened((self._function(scope) or "").encode("utf-8", "surrogatepass"))
        except Exception:
            # Whatever the owner's code raises. He gets the traceback, and the visitor his page.
            if not self._failed:
                self._failed = True
                logger.exception("the account function failed (said once); such a request belongs to no account")
            return b""


def shortened(account: bytes) -> bytes:
    """``account``, or a hash of it if it is longer than ``MAX_ACCOUNT``: tokens may begin alike."""
    if len(account) <= MAX_ACCOUNT:
        return account
    return hashlib.blake2b(account, digest_size=32).hexdigest().encode()
