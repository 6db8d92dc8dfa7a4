"""What a running site sends that would cancel its opt-out; for ``guardware check --site``."""

import asyncio
from urllib.parse import urlsplit

import aiohttp

from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.errors import GuardwareError
from guardware.notices import Notices, refused_tokens
from guardware.notices.headers import NOAI
from guardware.secrets import state_folder

TIMEOUT = 10.0
"""Seconds for the one request that is made."""


def site_warnings(url: str, config: Config) -> list[str]:
    """Sentences with mends on the X-Robots-Tag lines at ``url``; none: the opt-out stands.

    Raises GuardwareError if ``url`` is no web address or does not answer.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise GuardwareError(f"{url} is no web address; write for example http://127.0.0.1:8000")
    lines = asyncio.run(_robots_tags(url))
    notices = Notices(
        config.notices, config.site, refused_tokens(Catalogue.load(state_folder(config)), config.crawlers)
    )
    own = [line for line in lines if line != NOAI[1]]
    warnings = [reason for line in own if (reason := notices.cancelled_by(line))]
    if config.notices.robots_tag and NOAI[1] not in lines:
        warnings.append("X-Robots-Tag: noai, noimageai is not sent; is guardware in front of this address?")
    if NOAI[1] in lines and lines[0] != NOAI[1]:
        warnings.append(
            "X-Robots-Tag: the opt-out is not the first line, and some readers look at the first only; "
            "have nothing add lines before guardware's"
        )
    return warnings


async def _robots_tags(url: str) -> list[bytes]:
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    headers = {"user-agent": "guardware check", "accept": "text/html"}
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url, headers=headers) as answer:
            return [value.strip() for name, value in answer.raw_headers if name.lower() == b"x-robots-tag"]
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise GuardwareError(f"{url} does not answer: {reason}; is the site running?") from None
