"""Our own entries: dataset builders, download tools and HTTP libraries, and what the other lists lack.

One row a crawler: token, operator, purpose, phrases (notation: ``guardware/crawlers/matcher.py``), page, and where
the user-agent is from. ``captured`` means that we ran the client against a server of ours and read the header.
"""

from typing import NamedTuple

DATE = "2026-11-22"
"""When the sources of this table were read and the clients were run."""


class Own(NamedTuple):
    token: str
    operator: str
    purpose: str
    phrases: tuple[str, ...]
    url: str
    source: str
    automation: bool = False


_HF_DATASETS = "https://github.com/huggingface/datasets"
_IMG2DATASET = "https://github.com/rom1504/img2dataset"
_LAION = "https://laion.ai"
_FONDANT = "https://github.com/ml6team/fondant"
_AI_ROBOTS = "https://github.com/ai-robots-txt/ai.robots.txt"

DATASETS = (
    # With user_agent_token=X it appends "(compatible; X; +https://github.com/rom1504/img2dataset)"; without, it
    # sends a bare Firefox/72.0, which only the other headers give away.
    Own("img2dataset", "img2dataset", "dataset", ("img2dataset", "rom1504/img2dataset"), _IMG2DATASET,
        "downloader.py, and img2dataset 1.47.0 captured"),
    Own("cc2dataset", "cc2dataset", "dataset", ("cc2dataset",), "https://github.com/rom1504/cc2dataset",
        "the project's name; it reads Common Crawl and sends none of its own"),
    Own("video2dataset", "video2dataset", "dataset", ("video2dataset",), "https://github.com/iejMac/video2dataset",
        "the project's name, for those who set it"),
    Own("LAIONDownloader", "LAION", "dataset", ("laiondownloader",), _LAION, f"ai.robots.txt ({_AI_ROBOTS})"),
    Own("laion-huggingface-processor", "LAION", "dataset", ("laion-huggingface-processor",), _LAION,
        f"ai.robots.txt ({_AI_ROBOTS})"),
    Own("fondant", "ML6", "dataset", ("ml6team/fondant",), _FONDANT, "its download_images component"),
    # datasets 5.2 fetches pictures through aiohttp and is then seen as that (captured); this is its own name.
    Own("huggingface-datasets", "Hugging Face", "dataset", ("^datasets/",), _HF_DATASETS,
        "get_datasets_user_agent in utils/file_utils.py"),
    Own("xai-research", "xAI", "training", ("xai-research",), "https://x.ai",
        "site owners' reports; xAI documents no crawler"),
    Own("MistralAI-Index", "Mistral AI", "ai-search", ("mistralai-index",), "https://docs.mistral.ai/robots",
        "the operator's page"),
    Own("MistralAI-Training", "Mistral AI", "training", ("mistralai-training",), "https://docs.mistral.ai/robots",
        "the operator's page"),
    Own("OAI-AdsBot", "OpenAI", "seo", ("oai-adsbot",), "https://platform.openai.com/docs/bots",
        "the operator's page"),
)  # fmt: skip

DOWNLOADERS = (
    # By default a current Firefox; the name appears with its extractors' own settings.
    Own("gallery-dl", "gallery-dl", "tool", ("gallery-dl",), "https://github.com/mikf/gallery-dl",
        "gallery-dl 1.32.18 captured"),
    # By default a random current Chrome.
    Own("yt-dlp", "yt-dlp", "tool", ("yt-dlp",), "https://github.com/yt-dlp/yt-dlp", "yt-dlp 2026.10 captured"),
    Own("youtube-dl", "youtube-dl", "tool", ("youtube-dl",), "https://github.com/ytdl-org/youtube-dl",
        "the project's name"),
    Own("HTTrack", "HTTrack", "tool", ("httrack",), "https://www.httrack.com", "HTTrack 3.49 captured"),
    Own("Wget", "GNU", "tool", ("^wget", "wget/"), "https://www.gnu.org/software/wget/", "wget 1.21.3 captured"),
    Own("Wget2", "GNU", "tool", ("^wget2",), "https://gitlab.com/gnuwget/wget2", "the project's manual"),
    Own("curl", "curl", "tool", ("^curl",), "https://curl.se/docs/manpage.html#-A", "curl 7.88.1 captured"),
    Own("libcurl", "curl", "tool", ("libcurl",), "https://curl.se/libcurl/", "the project's manual"),
    Own("aria2", "aria2", "tool", ("^aria2",), "https://aria2.github.io", "aria2 1.36.0 captured"),
    Own("libfetch", "FreeBSD", "tool", ("libfetch",), "https://man.freebsd.org/cgi/man.cgi?fetch(3)",
        "the system's manual"),
    Own("Axel", "Axel", "tool", ("^axel",), "https://github.com/axel-download-accelerator/axel",
        "the project's source"),
    Own("Scrapy", "Zyte", "tool", ("scrapy",), "https://scrapy.org", "Scrapy 2.19.0 captured"),
    # Without impersonation curl_cffi 0.16.3 sends no user-agent at all (captured), with it a real browser's.
    Own("curl_cffi", "curl_cffi", "tool", ("curl_cffi", "curl-cffi"), "https://github.com/lexiforest/curl_cffi",
        "the project's name, for those who set it"),
)  # fmt: skip

_PYTHON = "https://docs.python.org/3/library/urllib.request.html"

LIBRARIES = (
    Own("python-requests", "Requests", "tool", ("python-requests",), "https://github.com/psf/requests",
        "requests 2.34.2 captured"),
    Own("python-httpx", "HTTPX", "tool", ("python-httpx",), "https://www.python-httpx.org",
        "httpx 0.28.1 captured"),
    Own("aiohttp", "aiohttp", "tool", ("aiohttp",), "https://docs.aiohttp.org", "aiohttp 3.14.5 captured"),
    Own("Python-urllib", "Python", "tool", ("python-urllib",), _PYTHON, "Python 3.11 captured"),
    Own("python-urllib3", "urllib3", "tool", ("python-urllib3",), "https://urllib3.readthedocs.io",
        "the project's source"),
    Own("PycURL", "PycURL", "tool", ("pycurl",), "http://pycurl.io", "the project's source"),
    Own("Go-http-client", "Go", "tool", ("go-http-client",), "https://pkg.go.dev/net/http", "Go 1.19.8 captured"),
    Own("fasthttp", "fasthttp", "tool", ("^fasthttp",), "https://github.com/valyala/fasthttp", "client.go"),
    Own("node", "Node.js", "tool", ("^node",), "https://nodejs.org/api/globals.html#fetch",
        "Node 20.20.2 captured"),
    Own("undici", "Node.js", "tool", ("^undici",), "https://undici.nodejs.org", "the project's source"),
    Own("axios", "axios", "tool", ("^axios",), "https://axios-http.com", "axios 1.21.1 captured"),
    Own("got", "got", "tool", ("sindresorhus/got",), "https://github.com/sindresorhus/got",
        "the project's source"),
    Own("node-fetch", "node-fetch", "tool", ("node-fetch",), "https://github.com/node-fetch/node-fetch",
        "the project's source"),
    Own("superagent", "superagent", "tool", ("^node-superagent",), "https://github.com/ladjs/superagent",
        "the project's source"),
    Own("Deno", "Deno", "tool", ("^deno/",), "https://deno.com", "the project's source"),
    Own("Bun", "Bun", "tool", ("^bun/",), "https://bun.sh", "the project's source"),
    Own("PHP", "PHP", "tool", ("^php",), "https://www.php.net/manual/en/filesystem.configuration.php",
        "the user_agent setting; PHP sends none by default"),
    Own("GuzzleHttp", "Guzzle", "tool", ("guzzlehttp",), "https://docs.guzzlephp.org", "the project's source"),
    # Not "libwww": that is also in the user-agent of Lynx, a browser, as libwww-FM.
    Own("libwww-perl", "libwww-perl", "tool", ("libwww-perl",), "https://metacpan.org/dist/libwww-perl",
        "the project's source"),
    Own("Java", "Java", "tool", ("^java/", "java-http-client/"),
        "https://docs.oracle.com/en/java/javase/21/docs/api/java.net.http/java/net/http/HttpClient.html",
        "the JDK's source"),
    Own("okhttp", "Square", "tool", ("okhttp", "okhttp3"), "https://square.github.io/okhttp/",
        "the project's source"),
    Own("Ruby", "Ruby", "tool", ("^Ruby",), "https://docs.ruby-lang.org/en/master/Net/HTTP.html",
        "Net::HTTP's source"),
    Own("Faraday", "Faraday", "tool", ("^faraday",), "https://github.com/lostisland/faraday",
        "the project's source"),
    Own("Dart", "Dart", "tool", ("^dart/",), "https://api.dart.dev/dart-io/HttpClient/userAgent.html",
        "the operator's page"),
    Own("ureq", "ureq", "tool", ("^ureq",), "https://github.com/algesten/ureq", "the project's source"),
    Own("PowerShell", "Microsoft", "tool", ("windowspowershell/", "powershell/"),
        "https://learn.microsoft.com/powershell/module/microsoft.powershell.utility/invoke-webrequest",
        "the operator's page"),
    Own("PostmanRuntime", "Postman", "tool", ("postmanruntime",), "https://www.postman.com",
        "the product's manual"),
    Own("RestSharp", "RestSharp", "tool", ("restsharp",), "https://restsharp.dev", "the project's source"),
)  # fmt: skip

_PLAYWRIGHT = "https://playwright.dev"

BROWSERS = (
    Own("HeadlessChrome", "Chromium", "tool", ("headlesschrome",), "https://developer.chrome.com/docs/chromium/headless",
        "Chromium 156 captured", automation=True),
    Own("Playwright", "Microsoft", "tool", ("playwright",), _PLAYWRIGHT, "crawler-user-agents", automation=True),
    Own("Puppeteer", "Google", "tool", ("puppeteer",), "https://pptr.dev", "crawler-user-agents", automation=True),
    Own("Selenium", "Selenium", "tool", ("selenium",), "https://www.selenium.dev", "crawler-user-agents",
        automation=True),
    Own("PhantomJS", "PhantomJS", "tool", ("phantomjs",), "https://phantomjs.org", "crawler-user-agents",
        automation=True),
    Own("Lightpanda", "Lightpanda", "tool", ("lightpanda",), "https://lightpanda.io",
        f"ai.robots.txt ({_AI_ROBOTS})", automation=True),
)  # fmt: skip

OWN: tuple[Own, ...] = (*DATASETS, *DOWNLOADERS, *LIBRARIES, *BROWSERS)
