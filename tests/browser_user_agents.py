"""Makes user-agents of the browsers that people use, as they were sent in 2024 to 2026.

Seeded: the same number of strings is the same strings.
"""

import random
from collections.abc import Iterator

_ANDROID = (
    "Pixel 10 Pro XL",
    "SM-S938B",
    "SM-A546E",
    "CPH2557",
    "2312DRA50G",
    "M2101K6G",
    "moto g84 5G",
    "CUBOT X70",
    "V2250",
    "RMX3890",
    "SM-X910",
    "KFTRWI",
    "XQ-DQ54",
    "Nokia G42 5G",
    "LG-H870",
    "ONEPLUS A6013",
    "K",
)
_DESKTOP = (
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "X11; Linux x86_64",
    "X11; CrOS x86_64 14541.0.0",
    "Windows NT 6.1; Win64; x64",
    "X11; Ubuntu; Linux x86_64",
)

# After "Chrome/N Safari/537.36", or in place of it where there are braces.
_CHROMIUM = (
    "",
    " Edg/{n}.0.0.0",
    " OPR/{m}.0.0.0",
    " Vivaldi/7.{d}.{m}",
    " Brave/{n}",
    " YaBrowser/26.{d}.0.0 Yowser/2.5",
    " Whale/3.{d}.{m}.18",
    " coc_coc_browser/{m}.0.{d}",
    " QQBrowser/13.{d}",
    " SE 2.X MetaSr 1.0",
    " Avast/{n}.0",
    " Norton/{n}.0",
    " DuckDuckGo/7 Safari/537.36",
    " Sidekick/{m}.1",
)
_ELECTRON = (
    "Slack/4.{m}.{d}",
    "discord/1.0.{n}",
    "Signal/7.{d}.0",
    "Teams/26.{d}",
    "Notion/4.{d}.0",
    "Figma/125.{d}",
    "WhatsApp/2.26.{d}",
    "obsidian/1.{d}.7",
    "Asana/2.{d}.0",
    "GitHubDesktop/3.{d}.1",
    "Postman/11.{d}.0",
)
_ANDROID_APPS = (
    " Instagram 406.{d}.0.58.159 Android (35/15; 480dpi; 1080x2400; OPPO; CPH2557; OP573DL1; mt6833; en_MY; 8{m})",
    " [FB_IAB/FB4A;FBAV/530.{d}.0.48.74;IABMV/1;] [FBAN/InternetExtension]",
    " MetaIAB Facebook",
    " [Pinterest/Android]",
    " Pinterest for Android/13.{d}.0 (CPH2557; 15)",
    " Snapchat/13.{d}.0.42 (CPH2557; Android 15#8{m}#35; gzip; )",
    " trill_2026{d} JsSdk/1.0 NetType/WIFI Channel/googleplay AppName/musical_ly app_version/41.{d} ByteLocale/en "
    "BytedanceWebview/d8a21c6",
    " GSA/16.{d}.41.29.arm64",
    " DuckDuckGo/5",
    " Line/14.{d}.1/IAB",
    " XWEB/1{m}007 MMWEBSDK/20260{d} MicroMessenger/8.0.{m} WeChat/arm64 Weixin NetType/WIFI Language/en",
    " KAKAOTALK/25.{d}.1 (INAPP)",
    " NAVER(inapp; search; 2000; 12.{d}.3)",
    " Telegram-Android/11.{d}.0 (Samsung SM-S938B; Android 15; SDK 35; HIGH)",
    " [LinkedInApp]/4.1.{m}",
    " Reddit/Version 2026.{d}.0/Build 1{m}/Android 15",
    " Viber/25.{d}.0",
    " WhatsApp/2.26.{d}",
    " TwitterAndroid",
)
_IOS_APPS = (
    " Instagram 398.{d}.0.33.86 (iPhone17,1; iOS 18_6; en_GB; en-GB; scale=3.00; 1206x2622; 7{m}; IABMV/1)",
    " "
    "[FBAN/FBIOS;FBAV/530.{d}.0.50.72;FBBV/7{m};FBDV/iPhone17,1;FBMD/iPhone;FBSN/iOS;FBSV/18.6;FBSS/3;FBLC/en_US]",
    " [Pinterest/iOS]",
    " Snapchat/13.{d}.1.38 (like Safari/8620.2.4.10.8, panda)",
    " musical_ly_41.{d}.0 JsSdk/2.0 NetType/WIFI Channel/App Store ByteLocale/en Region/GB "
    "BytedanceWebview/d8a21c6",
    " GSA/381.{d}.79 Safari/604.1",
    " Version/18.6 Safari/604.1 Ddg/18.{d}",
    " Safari Line/15.{d}.0 LIFF",
    " MicroMessenger/8.0.{m} NetType/4G Language/en",
    " Twitter for iPhone/11.{d}",
    " CriOS/{n}.0.7204.156 Safari/604.1",
    " FxiOS/{n}.0 Safari/605.1.15",
    " EdgiOS/{n}.0.3351.121 Version/18.0 Safari/604.1",
    " Version/18.{d} Safari/604.1",
    " Tumblr/iPhone/38.{d}/38",
    " Flipboard/4.3.{d}",
)
_OTHERS = (
    "Mozilla/5.0 ({desktop}; rv:{n}.0) Gecko/20100101 Firefox/{n}.0",
    "Mozilla/5.0 (Android 15; Mobile; rv:{n}.0) Gecko/{n}.0 Firefox/{n}.0",
    "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {safari} Version/26.{d} Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64) {safari} Version/18.{d} Safari/605.1.15 Epiphany/605.1.15",
    "Mozilla/5.0 (SMART-TV; LINUX; Tizen 8.{d}) {webkit} Version/8.0 TV Safari/537.36",
    "Mozilla/5.0 (Web0S; Linux/SmartTV) {webkit} {chrome} Safari/537.36 WebAppManager",
    "Mozilla/5.0 (Linux; Android 12; BRAVIA 4K VH2 Build/STT2.{m}) {webkit} {chrome} Safari/537.36",
    "Mozilla/5.0 (Linux; Android 11; KFTRWI) {webkit} Silk/{n}.{d}.2 like {chrome} Safari/537.36",
    "Mozilla/5.0 (PlayStation; PlayStation 5/12.{d}) {safari} Version/18.2 Safari/605.1.15",
    "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/613.0 (KHTML, like Gecko) "
    "NF/6.0.3.{d}.0 NintendoBrowser/5.1.0.3{m}",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) {webkit} {chrome} Safari/537.36 Edge/44.{m}",
    "HbbTV/1.7.1 (+DRM;Samsung;SmartTV2026:UE;T-PTMAKUC-{m}.{d};;) Mozilla/5.0 (Linux; Tizen 9.0) "
    "{webkit} Safari/537.36",
    "Lynx/2.9.{d} libwww-FM/2.14FM SSL-MM/1.4.1 OpenSSL/3.0.{d}",
    "w3m/0.5.3+git2023{m}",
    "Links (2.{d}; Linux 6.1; text)",
    "Dillo/3.2.{d}",
    "NetSurf/3.{d} (Linux)",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS; Opera Mobi/23.{m}; U; en) Presto/2.5.25 Version/10.54",
    "Mozilla/5.0 (Linux; U; Android 13; en-US; {phone}) {webkit} Version/4.0 {chrome} "
    "UCBrowser/13.{d} Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 15; {phone}) {webkit} SamsungBrowser/28.{d} {chrome} Mobile Safari/537.36",
    "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2; Trident/6.0)",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
)

_TEMPLATES = (
    *(f"Mozilla/5.0 ({{desktop}}) {{webkit}} {{chrome}} Safari/537.36{tail}" for tail in _CHROMIUM),
    *(
        f"Mozilla/5.0 (Linux; Android 15; {{phone}}) {{webkit}} {{chrome}} Mobile Safari/537.36{t}"
        for t in _CHROMIUM
    ),
    *(
        f"Mozilla/5.0 ({{desktop}}) {{webkit}} {app} Chrome/{{n}}.0.7204.97 Electron/37.{{d}} Safari/537.36"
        for app in _ELECTRON
    ),
    *(
        f"Mozilla/5.0 (Linux; Android 15; {{phone}} Build/AP3A.240617.008; wv) {{webkit}} Version/4.0 "
        f"Chrome/{{n}}.0.7444.142 Mobile Safari/537.36{app}"
        for app in _ANDROID_APPS
    ),
    *(
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_{{d}} like Mac OS X) {{safari}} Mobile/15E148{app}"
        for app in _IOS_APPS
    ),
    *_OTHERS,
)


def user_agents(count: int) -> Iterator[str]:
    """``count`` strings, every template in turn, with versions and devices at random."""
    chance = random.Random(2026)
    for number in range(count):
        version = chance.randint(80, 160)
        yield _TEMPLATES[number % len(_TEMPLATES)].format(
            chrome=f"Chrome/{version}.0.0.0",
            webkit="AppleWebKit/537.36 (KHTML, like Gecko)",
            safari="AppleWebKit/605.1.15 (KHTML, like Gecko)",
            n=version,
            m=chance.randint(100, 999),
            d=chance.randint(0, 9),
            phone=chance.choice(_ANDROID),
            desktop=chance.choice(_DESKTOP),
        )
