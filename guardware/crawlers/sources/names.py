"""The phrases that give crawlers away (notation: ``guardware/crawlers/matcher.py``), made from the lists."""

import re
from collections.abc import Iterable

PHRASES: dict[str, tuple[str, ...]] = {
    # Words of everyday life, and hosts that other crawlers' user-agents link to.
    "code": ("Code/1.",),
    "cursor": ("Cursor/",),
    "devin": ("Devin/",),
    "trae": ("Trae/",),
    "operator": ("Operator/",),
    "opencode": ("opencode/",),
    "spider": ("compatible; Spider;", "spider.com"),
    "lcc": ("^LCC",),
    "yak": ("YaK/",),
    "openai": ("OpenAI/", "^OpenAI"),
    "claude-code": ("claude-code/",),
    "newsai": ("newsai/",),
    "useai": ("UseAI",),
    "chatgpt agent": ("chatgpt agent", "chatgpt-agent"),
    "yeti": ("yeti/",),
    "daum": ("compatible; daum/",),
    "sogou": (
        "sogou web spider",
        "sogou inst spider",
        "sogou pic spider",
        "sogou news spider",
        "sogou orion spider",
    ),
    "pinterestbot": ("pinterestbot", "pinterest.com/bot"),
    "yandexbot": ("yandexbot", "yandex.com/bots"),
    "charlotte": ("charlotte/",),
    "mastodon": ("mastodon/",),
    "ichiro": ("ichiro/",),
    "speedy": ("speedy spider",),
    "upday": ("compatible; upday/",),
    "bw": ("compatible; bw/", "^bw/"),
    # The link preview fetcher's user-agent begins so; the app's browser has the name further on.
    "whatsapp": ("^whatsapp",),
}

PATTERNS: dict[str, tuple[str, tuple[str, ...]]] = {
    # crawler-user-agents' true regular expressions, and patterns that are no name: token and phrases.
    r"AdsBot-Google([^-]|$)": ("AdsBot-Google", ("adsbot-google",)),
    r"(sistrix|SISTRIX) [cC]rawler": ("SISTRIX Crawler", ("sistrix crawler",)),
    r"Ahrefs(Bot|SiteAudit)": ("AhrefsBot", ("ahrefsbot",)),
    r"(^| )sentry\/": ("sentry", ("^sentry/",)),
    r"(^| )PTST\/": ("PTST", ("ptst/",)),
    r"BlogTraffic\/\d\.\d+ Feed-Fetcher": ("BlogTraffic", ("blogtraffic/",)),
    r"Automaton|Newsify Feed Fetcher": ("Newsify Feed Fetcher", ("newsify feed fetcher", "^automaton")),
    r"Chirp|gotosocial": ("GoToSocial", ("gotosocial", "^chirp")),
    r"ContextualBot[\s\S]*outcomes\.net": ("ContextualBot", ("contextualbot",)),
    r"Current[\s\S]*RSS Reader": ("Current RSS Reader", ("currentreader.app",)),
    r"Netumo|netumo": ("Netumo", ("netumo",)),
    r"Spider[\s\S]*spider\.com": ("Spider", ()),
    r"yandex\.com\/bots": ("YandexBot", ()),
    r"pinterest\.com\/bot": ("Pinterestbot", ()),
    r"Code\/1\.": ("Code", ()),
    r"GoogleAssociationService$": ("GoogleAssociationService", ("googleassociationservice",)),
    r"SSL Labs$": ("SSL Labs", ("^ssl labs",)),
    r"SSL Labs \(https:\/\/www\.ssllabs\.com": ("SSL Labs", ("^ssl labs",)),
    r"https:\/\/developers\.cloudflare\.com\/security-center\/": (
        "Cloudflare-Security-Center", ("developers.cloudflare.com/security-center",)),
    r"developers\.google\.com\/\+\/web\/snippet": ("Google-PageRenderer", ("google-pagerenderer", "web/snippet")),
    r"Riddler \(http:\/\/riddler\.io": ("Riddler", ("riddler.io",)),
    r"Owler \(ows\.eu": ("Owler", ("owler",)),
    r";Owler": ("Owler", ("owler",)),
    r"dbot\)": ("Matrix dbot", ("dbot)",)),
    r"Optimizer\)": ("Optimizer", ("compatible; optimizer)",)),
    r"Rigor\)": ("Rigor", ("; rigor)",)),
    r"Odin;": ("Odin", ("compatible; odin;", "getodin.com")),
    r"YLT Chrome": ("YellowLabTools", ("ylt chrome",)),
    r"sindresorhus\/got": ("got", ()),
    r"httpx": ("python-httpx", ()),
    r"[wW]get": ("Wget", ()),
    r"loc\.gov\/programs\/web-archiving": ("Library of Congress", ("loc.gov/programs/web-archiving",)),
    r"Sonic": ("RankSonicSiteAuditor", ("ranksonicsiteauditor",)),
    r"exabot": ("ExaBot", ("exabot",)),
    r"sitebot": ("sitebot", ("sitebot", "whoiswebsitebot")),
    r"Hatena": ("Hatena", ("^hatena", "^hatenabookmark")),
}  # fmt: skip

DROPPED: dict[str, str] = {
    # crawler-user-agents' patterns that stand for people.
    "MetaIAB Facebook": "the browser inside Facebook's apps",
    r"AP3A\.240617\.008": "the build number of a telephone",
    "Fluid": "makes Mac applications of web sites",
    "Butterfly": "an everyday word; its operator is gone",
    "Teoma": "an everyday word in device names; its operator is gone",
    "Amazon CloudFront": "a CDN in front of the site: all visitors' requests bear its name",
    "Chrome Privacy Preserving Prefetch Proxy": "asks for people who are about to follow a link",
}

_BOTTY = re.compile(
    "bot|crawl|spider|scan|monitor|preview|fetch|check|agent|archiv|search|synthetic|uptime|index|validator|"
    "download|scrap|harvest"
)
"""What is in no name of a browser, device or app, so that a name with it may stand anywhere."""


def token_of(pattern: str) -> str:
    """The name in a pattern of crawler-user-agents: ``Googlebot\\/`` is Googlebot."""
    if pattern in PATTERNS:
        return PATTERNS[pattern][0]
    return _literal(pattern).strip(" /^-(")


def phrases_of(pattern: str, user_agents: list[str], ai: bool) -> set[str]:
    """Phrases that find the same as ``pattern`` does in ``user_agents``, whole words only.

    An everyday name that all known user-agents begin with is tied to the beginning: ``^notion/`` finds the link
    preview, and not the browser in the Notion app. Not so for AI crawlers, which are to be found wherever they are
    named.
    """
    if pattern in PATTERNS:
        return set(PATTERNS[pattern][1])
    name = _literal(pattern).lower()
    bare = name.strip(" ^")
    anywhere = ai or bool(_BOTTY.search(bare) and not _BOTTY.fullmatch(bare.rstrip("/")))
    if anywhere:
        bare = bare.rstrip("/")
    lower = [user_agent.lower() for user_agent in user_agents]
    whole = {_whole_words(bare, user_agent) for user_agent in lower if bare in user_agent} or {bare}
    if name.startswith("^") or (not anywhere and all(user_agent.startswith(bare) for user_agent in lower)):
        return {f"^{phrase}" for phrase in whole}
    return whole


def careful(token: str, phrases: Iterable[str]) -> set[str]:
    """``phrases`` of a crawler that nobody here has looked at: an everyday word alone counts only at the beginning
    of a user-agent, or as a product with its version, as it is written."""
    found: set[str] = set()
    for phrase in phrases:
        if phrase.isalpha() and not _BOTTY.search(phrase):
            found |= {f"^{phrase}", f"{token}/" if token.isalpha() else f"{phrase}/"}
        else:
            found.add(phrase)
    return found


def reduce(phrases: set[str]) -> list[str]:
    """Without the phrases that a shorter one finds anyway."""
    return sorted(p for p in phrases if not any(q != p and covers(q, p) for q in phrases))


def covers(short: str, long: str) -> bool:
    """Whether the phrase ``short`` is found wherever ``long`` is."""
    if short != short.lower() or (short.startswith("^") and not long.startswith("^")):
        return False
    bare = re.escape(short.removeprefix("^"))
    left = "^" if short.startswith("^") else "(?<![a-z0-9])" if short[0].isalnum() else ""
    right = "(?![a-z0-9])" if short[-1].isalnum() else ""
    return re.search(left + bare + right, long.removeprefix("^").lower()) is not None


def _literal(pattern: str) -> str:
    """The pattern as plain text; a class of one letter in both cases becomes the small letter."""
    plain = re.sub(r"\[(\w)(\w)\]", lambda m: min(m[1], m[2], key=str.isupper), pattern)
    if re.search(r"[\[\](){}|*+?$\\]", re.sub(r"\\\W", "", plain)):
        raise ValueError(
            f"crawler-user-agents has a new regular expression, {pattern!r}; give it a row in PATTERNS"
        )
    return re.sub(r"\\(\W)", r"\1", plain)


def _whole_words(name: str, user_agent: str) -> str:
    """``name`` with the rest of the words it begins and ends in: findlink becomes findlinks."""
    start = user_agent.index(name)
    end = start + len(name)
    if name[0].isalnum():
        while start and user_agent[start - 1].isalnum():
            start -= 1
    if name[-1].isalnum():
        while end < len(user_agent) and user_agent[end].isalnum():
            end += 1
    return user_agent[start:end]
