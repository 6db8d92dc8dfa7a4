"""Web Bot Auth: requests that their senders sign (RFC 9421), and whose signature it is.

The pure part: ``claim`` reads, ``verify`` decides. The other: ``directories`` fetches keys, ``nonces`` remembers
what was used, ``check`` joins them.
"""

from guardware.crawlers.web_bot_auth.check import WebBotAuth
from guardware.crawlers.web_bot_auth.directories import KeyDirectories
from guardware.crawlers.web_bot_auth.fetch import DirectoryFetcher
from guardware.crawlers.web_bot_auth.nonces import MemoryNonces, Nonces, RedisNonces
from guardware.crawlers.web_bot_auth.result import Outcome, Result, Rules

__all__ = [
    "DirectoryFetcher",
    "KeyDirectories",
    "MemoryNonces",
    "Nonces",
    "Outcome",
    "RedisNonces",
    "Result",
    "Rules",
    "WebBotAuth",
]
