"""User-agents against which a fetched list is tried before it is taken: people's browsers, and crawlers they need.

A list from the net that would have these refused or hidden is wrong, or somebody's weapon.
"""

from collections.abc import Callable

from guardware.crawlers.crawler import Crawler

_KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"
_CHROME = f"{_KHTML} Chrome/148.0.0.0"
_PHONE = "Mozilla/5.0 (Linux; Android 15; SM-S938B Build/AP3A.240617.008; wv)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"

BROWSERS: tuple[str, ...] = (
    *(
        f"Mozilla/5.0 ({system}) {_CHROME} Safari/537.36{name}"
        for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
                       "X11; CrOS x86_64 14541.0.0", "X11; Ubuntu; Linux x86_64")
        for name in ("", " Edg/148.0.0.0", " OPR/130.0.0.0", " Vivaldi/7.6", " Brave/148", " Avast/148.0",
                     " YaBrowser/26.1.0.0 Yowser/2.5", " Whale/3.1.2.18", " coc_coc_browser/148.0.1",
                     " QQBrowser/13.1", " SE 2.X MetaSr 1.0", " Norton/148.0", " DuckDuckGo/7", " Sidekick/148.1")
    ),
    *(
        f"Mozilla/5.0 (X11; Linux x86_64) {_KHTML} {app} Chrome/148.0.7204.97 Electron/37.2 Safari/537.36"
        for app in ("Slack/4.46.0", "discord/1.0.9", "Signal/7.1.0", "Teams/26.1", "Notion/4.1.0", "Figma/125.1",
                    "WhatsApp/2.26.1", "obsidian/1.9.7", "Asana/2.1.0", "GitHubDesktop/3.5.1", "Postman/11.1.0")
    ),
    *(
        f"{_PHONE} {_KHTML} Version/4.0 Chrome/148.0.7444.142 Mobile Safari/537.36{app}"
        for app in (" Instagram 406.1.0.58.159 Android (35/15; 480dpi; 1080x2400; OPPO; CPH2557; OP573DL1; en_MY)",
                    " [FB_IAB/FB4A;FBAV/530.1.0.48.74;IABMV/1;] [FBAN/InternetExtension]", " MetaIAB Facebook",
                    " [Pinterest/Android]", " Pinterest for Android/13.1.0 (CPH2557; 15)",
                    " Snapchat/13.1.0.42 (CPH2557; Android 15#81#35; gzip; )",
                    " trill_20261 JsSdk/1.0 NetType/WIFI Channel/googleplay AppName/musical_ly app_version/41.1.0 "
                    "ByteLocale/en BytedanceWebview/d8a21c6", " GSA/16.1.41.29.arm64", " Line/14.1.1/IAB",
                    " XWEB/1100007 MMWEBSDK/20260101 MicroMessenger/8.0.61 WeChat/arm64 Weixin Language/en",
                    " KAKAOTALK/25.1.1 (INAPP)", " NAVER(inapp; search; 2000; 12.1.3)",
                    " Telegram-Android/11.1.0 (Samsung SM-S938B; Android 15; SDK 35; HIGH)",
                    " [LinkedInApp]/4.1.1", " Reddit/Version 2026.1.0/Build 11/Android 15", " Viber/25.1.0",
                    " WhatsApp/2.26.1", " TwitterAndroid", " SamsungBrowser/28.0", " UCBrowser/13.1")
    ),
    *(
        f"{_IPHONE}{app}"
        for app in (" Version/18.6 Mobile/15E148 Safari/604.1", " CriOS/148.0.7204.156 Mobile/15E148 Safari/604.1",
                    " FxiOS/148.0 Mobile/15E148 Safari/605.1.15", " EdgiOS/148.0.3351.121 Version/18.0 Safari",
                    " Mobile/15E148 Instagram 398.1.0.33.86 (iPhone17,1; iOS 18_6; en_GB; scale=3.00; IABMV/1)",
                    " Mobile/15E148 [FBAN/FBIOS;FBAV/530.1.0.50.72;FBBV/71;FBDV/iPhone17,1;FBMD/iPhone;FBSN/iOS;"
                    "FBSV/18.6;FBSS/3;FBLC/en_US]",
                    " Mobile/15E148 [Pinterest/iOS]", " Safari Line/15.1.0 LIFF", " Twitter for iPhone/11.1",
                    " Mobile/15E148 Snapchat/13.1.1.38 (like Safari/8620.2.4.10.8, panda)",
                    " Version/18.6 Safari/604.1 Ddg/18.1", " MicroMessenger/8.0.61 NetType/4G Language/en",
                    " musical_ly_41.1.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en Region/GB",
                    " Tumblr/iPhone/38.1/38", " Flipboard/4.3.1", " GSA/381.1.79 Safari/604.1")
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0",
    "Mozilla/5.0 (Android 15; Mobile; rv:148.0) Gecko/148.0 Firefox/148.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 "
    "Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15 "
    "Epiphany/605.1.15",
    f"Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.0) {_KHTML} Version/8.0 TV Safari/537.36",
    f"Mozilla/5.0 (Web0S; Linux/SmartTV) {_CHROME} Safari/537.36 WebAppManager",
    f"Mozilla/5.0 (Linux; Android 12; BRAVIA 4K VH2 Build/STT2.100) {_CHROME} Safari/537.36",
    f"Mozilla/5.0 (Linux; Android 11; KFTRWI) {_KHTML} Silk/148.1.2 like Chrome/148.0.0.0 Safari/537.36",
    "Mozilla/5.0 (PlayStation; PlayStation 5/12.0) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari",
    "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/613.0 (KHTML, like Gecko) NF/6.0 "
    "NintendoBrowser/5.1.0.3",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) {_CHROME} Safari/537.36 Edge/44.1",
    f"HbbTV/1.7.1 (+DRM;Samsung;SmartTV2026:UE;T-PTMAKUC-1;;) Mozilla/5.0 (Linux; Tizen 9.0) {_KHTML} Safari",
    "Lynx/2.9.0 libwww-FM/2.14FM SSL-MM/1.4.1 OpenSSL/3.0.1",
    "w3m/0.5.3+git20230121",
    "Links (2.29; Linux 6.1; text)",
    "Dillo/3.2.0",
    "NetSurf/3.11 (Linux)",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS; Opera Mobi/23.1; U; en) Presto/2.5.25 Version/10.54",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; WOW64; Trident/6.0)",
    *(
        f"Mozilla/5.0 (Linux; Android 15; {phone}) {_CHROME} Mobile Safari/537.36"
        for phone in ("K", "Pixel 10 Pro XL", "moto g84 5G", "CUBOT X70", "Nokia G42 5G", "ONEPLUS A6013")
    ),
)  # fmt: skip
"""Browsers, apps' own browsers, televisions and consoles, as they were sent in 2026."""

WELCOME: tuple[str, ...] = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {_CHROME} Mobile Safari/537.36 "
    "(compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Googlebot-Image/1.0",
    f"Mozilla/5.0 {_KHTML}; compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/148.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 "
    "Safari/605.1.15 (Applebot/0.1; +http://www.apple.com/go/applebot)",
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Qwantify-prod/2.81; +https://help.qwant.com/bot/)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.26.1 A",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (compatible; Pinterestbot/1.0; +http://www.pinterest.com/bot.html)",
)
"""Crawlers by which people find a site: search engines and link previews."""

Match = Callable[[str], Crawler | None]


def misled(before: Match, after: Match) -> list[str]:
    """What a new catalogue gets wrong, in words; empty if nothing."""
    taken = {crawler.token for user_agent in BROWSERS if (crawler := after(user_agent)) is not None}
    lines = [f"{token!r} would be found in browsers that people use" for token in sorted(taken)]
    for user_agent in WELCOME:
        old, new = before(user_agent), after(user_agent)
        if old is not None and (new is None or (new.token, new.purpose) != (old.token, old.purpose)):
            lines.append(f"{old.token} would be taken for {new.token if new else 'nobody'!r}")
    return list(dict.fromkeys(lines))  # several user-agents are one crawler's
