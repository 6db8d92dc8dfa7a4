"""One list of pictures shared among many addresses, each asking for every so-manieth. Runs in .venv-clients.

Usage: pool.py JSON, an object with ``urls``, ``referers``, ``addresses``, ``pace`` (seconds from one request to
the next) and ``headers``: pairs in the order in which they are sent, or null for what requests sends. In values,
``{host}`` and ``{referer}`` are filled in.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

_AT_ONCE = 8


class From(HTTPAdapter):
    """Connects from one address."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)


def as_requests(url: str, address: str) -> None:
    """What requests sends of itself."""
    with requests.Session() as session:
        session.mount("http://", From(address))
        session.get(url, timeout=30)


def as_written(url: str, address: str, referer: str, headers: list[list[str]]) -> None:
    """These headers to the letter, in this order."""
    parts = urlsplit(url)
    # localhost by number: a name may lead to ::1, for which an IPv4 address cannot ask.
    connection = HTTPConnection("127.0.0.1", parts.port or 80, timeout=30, source_address=(address, 0))
    try:
        connection.putrequest("GET", parts.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.format(host=parts.netloc, referer=referer))
        connection.endheaders()
        connection.getresponse().read()
    finally:
        connection.close()


def main(task: dict[str, Any]) -> None:
    addresses, began = task["addresses"], time.monotonic()

    def fetch(number: int) -> None:
        time.sleep(max(0.0, began + number * task["pace"] - time.monotonic()))
        url, address = task["urls"][number], addresses[number % len(addresses)]
        if task["headers"] is None:
            as_requests(url, address)
        else:
            as_written(url, address, task["referers"][number], task["headers"])

    with ThreadPoolExecutor(_AT_ONCE) as threads:
        for done in [threads.submit(fetch, number) for number in range(len(task["urls"]))]:
            done.result()


with open(sys.argv[1]) as file:
    main(json.load(file))
