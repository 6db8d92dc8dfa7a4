"""How crawlers prove themselves: published address lists, reverse DNS, signed requests.

From the operators' own pages as read on 2026-11-22; it goes before the verification list. Names of hosts that
anyone can rent (googleusercontent.com, amazonaws.com) are never a proof; nor is google.com, which also carries
fetchers that users steer.
"""

from collections.abc import Mapping
from typing import Any

Ways = Mapping[str, Any]
"""``ranges`` and ``rdns``: tuples; ``web_bot_auth``: a host."""

_GOOGLE = "https://developers.google.com/static/crawling/ipranges/"
_COMMON: Ways = {"ranges": (_GOOGLE + "common-crawlers.json",), "rdns": ("googlebot.com",)}
_SPECIAL: Ways = {"ranges": (_GOOGLE + "special-crawlers.json",)}
_FETCHERS: Ways = {
    "ranges": (_GOOGLE + "user-triggered-fetchers-google.json", _GOOGLE + "user-triggered-fetchers.json")
}
_ANTHROPIC: Ways = {"ranges": ("https://claude.com/crawling/bots.json",)}
_YANDEX: Ways = {"rdns": ("yandex.ru", "yandex.net", "yandex.com")}

_COMMON_TOKENS = (
    "googlebot googlebot-image googlebot-news googlebot-video googlebot-mobile googleother googleother-image "
    "googleother-video google-cloudvertexbot google-inspectiontool storebot-google"
)
_SPECIAL_TOKENS = (
    "adsbot-google adsbot-google-mobile adsbot-google-mobile-apps apis-google google-safety mediapartners-google"
)
_FETCHER_TOKENS = (
    "feedfetcher-google google-cws google-gemininotebook google-pinpoint google-read-aloud "
    "google-site-verification googlemessages googleproducer"
)
_YANDEX_TOKENS = (
    "yandexbot yandexadditional yandexadditionalbot yandexblogs yandexcalendar yandexcombot yandexdirect "
    "yandexfavicons yandeximages yandexmarket yandexmedia yandexmetrika yandexmobilebot yandexrenderresourcesbot "
    "yandexscreenshotbot yandexvideo yandexwebmaster"
)

VERIFICATION: dict[str, Ways] = {
    **dict.fromkeys(_COMMON_TOKENS.split(), _COMMON),
    **dict.fromkeys(_SPECIAL_TOKENS.split(), _SPECIAL),
    # Fetchers that Google runs, and those that its customers steer: its page names both lists for these names.
    **dict.fromkeys(_FETCHER_TOKENS.split(), _FETCHERS),
    **dict.fromkeys(_YANDEX_TOKENS.split(), _YANDEX),
    "google-agent": {"ranges": (_GOOGLE + "user-triggered-agents.json",), "web_bot_auth": "agent.bot.goog"},
    "claudebot": _ANTHROPIC,
    "claude-searchbot": _ANTHROPIC,
    "claude-user": _ANTHROPIC,
    "oai-adsbot": {"ranges": ("https://openai.com/adsbot.json",)},
    "chatgpt agent": {"web_bot_auth": "chatgpt.com"},
    "bingbot": {"ranges": ("https://www.bing.com/toolbox/bingbot.json",), "rdns": ("search.msn.com",)},
    "applebot": {"ranges": ("https://search.developer.apple.com/applebot.json",), "rdns": ("applebot.apple.com",)},
    "ccbot": {"ranges": ("https://index.commoncrawl.org/ccbot.json",), "rdns": ("crawl.commoncrawl.org",)},
    "duckduckbot": {
        "ranges": ("https://duckduckgo.com/duckduckbot.json",),
        "web_bot_auth": "bot.duckduckgo.com",
    },
    "duckassistbot": {
        "ranges": ("https://duckduckgo.com/duckassistbot.json",),
        "web_bot_auth": "bot.duckduckgo.com",
    },
    "mistralai-user": {"ranges": ("https://mistral.ai/mistralai-user-ips.json",)},
    "pinterestbot": {"rdns": ("pinterest.com", "pinterestcrawler.com")},
    "mojeekbot": {"rdns": ("mojeek.com",)},  # https://www.mojeek.com/bot.html
    "petalbot": {"rdns": ("petalsearch.com", "aspiegel.com")},
}
