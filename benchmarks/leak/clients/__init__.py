"""All clients, in the order of the table. Another one: one more function in a file here, one more row below."""

from benchmarks.leak.clients import driven, impersonators, libraries, people, pools, tools
from benchmarks.leak.errand import Client, Kind

PLAIN, POSING, WALKER, POOL, PERSON = Kind

CLIENTS = (
    Client("wget", PLAIN, ("wget",), tools.wget),
    Client("curl", PLAIN, ("curl", "sh"), tools.curl),
    Client("requests", PLAIN, ("python:requests",), libraries.requests),
    Client("httpx", PLAIN, ("python:httpx",), libraries.httpx),
    Client("aiohttp", PLAIN, ("python:aiohttp",), libraries.aiohttp),
    Client("scrapy", PLAIN, ("python:scrapy",), tools.scrapy),
    Client("httrack", PLAIN, ("httrack",), tools.httrack),
    Client("gallery-dl", PLAIN, ("python:gallery_dl",), tools.gallery_dl),
    Client("img2dataset", PLAIN, ("python:img2dataset",), tools.img2dataset),
    Client("img2dataset-regardless", PLAIN, ("python:img2dataset",), tools.img2dataset_regardless),
    Client("node", PLAIN, ("node",), libraries.node),
    Client("pool-requests", PLAIN, ("python:requests",), pools.as_requests, paced=True),
    Client("pool-requests-24", PLAIN, ("python:requests",), pools.as_requests_in_one_network, paced=True),
    Client("requests-as-chrome", POSING, ("python:requests",), impersonators.requests_as_chrome),
    Client("curl_cffi-chrome", POSING, ("python:curl_cffi",), impersonators.curl_cffi_chrome),
    Client("curl_cffi-firefox", POSING, ("python:curl_cffi",), impersonators.curl_cffi_firefox),
    Client("careful", POSING, ("python:requests",), pools.careful_alone),
    Client("playwright", POSING, ("chromium",), driven.default),
    Client("playwright-as-chrome", POSING, ("chromium",), driven.as_chrome),
    Client("walk-works", WALKER, ("chromium",), driven.walk_works, paced=True),
    Client("walk-overviews", WALKER, ("chromium",), driven.walk_overviews, paced=True),
    Client("pool-careful", POOL, ("python:requests",), pools.careful, paced=True),
    Client("pool-careful-24", POOL, ("python:requests",), pools.careful_in_one_network, paced=True),
    Client("chromium", PERSON, ("chromium",), people.chromium, paced=True),
    Client("chromium-no-js", PERSON, ("chromium",), people.chromium_without_scripts, paced=True),
    Client("chromium-no-cookies", PERSON, ("chromium",), people.chromium_without_cookies, paced=True),
    Client("firefox", PERSON, ("firefox-esr",), people.firefox, paced=True),
    Client("firefox-no-js", PERSON, ("firefox-esr",), people.firefox_without_scripts, paced=True),
    Client("firefox-no-cookies", PERSON, ("firefox-esr",), people.firefox_without_cookies, paced=True),
)
