"""Web Bot Auth: requests that their senders sign (RFC 9421), and whose signature it is.

The pure part: ``claim`` reads, ``verify`` decides. The other: ``directories`` keeps keys, ``nonces`` remembers
what was used, ``check`` joins them. ``fetch`` and ``redis_nonces`` are imported by who needs them, since their
libraries are costly.
"""

from guardware.crawlers.web_bot_auth.check import WebBotAuth
from guardware.crawlers.web_bot_auth.directories import KeyDirectories
from guardware.crawlers.web_bot_auth.nonces import MemoryNonces, Nonces
from guardware.crawlers.web_bot_auth.result import Result

__all__ = [
    "KeyDirectories",
    "MemoryNonces",
    "Nonces",
    "Result",
    "WebBotAuth",
]
