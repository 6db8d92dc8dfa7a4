"""Firefox as it is installed, driven over WebDriver BiDi: go to an address, click a link."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from shutil import which
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.leak.processes import QUIET, ClientError, group, last_line, said

_START_SECONDS = 60.0
_LOAD_SECONDS = 30.0

# Nothing but the gallery's traffic: no first-run pages, updates, studies or portal checks.
_SETTINGS = """user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
"""


class BidiError(ClientError):
    """Firefox could not do what it was told; says why."""


class Firefox:
    """One window. Made by ``started``."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)
        self._window = ""

    @classmethod
    @asynccontextmanager
    async def started(cls, folder: Path, settings: str = "") -> AsyncIterator["Firefox"]:
        """Headless, with ``folder`` as its profile; ``settings`` are lines of user.js. Raises BidiError."""
        (folder / "user.js").write_text(_SETTINGS + settings)
        argv = [which("firefox-esr") or "firefox-esr", "--headless", "--no-remote", "--profile", str(folder)]
        log = folder.with_suffix(".log")
        env = {**QUIET, "HOME": str(folder)}
        async with group([*argv, "--remote-debugging-port", "0"], folder=folder, log=log, env=env):
            address = await _address(log)
            async with connect(f"{address}/session", max_size=None, proxy=None) as connection:
                browser = cls(connection)
                await browser._begin()
                yield browser

    async def go(self, url: str) -> None:
        """Type an address in, and wait until the page and its pictures are there."""
        await self._ask("browsingContext.navigate", until=url, context=self._window, url=url, wait="none")

    async def click(self, link: str, url: str) -> None:
        """Click what the CSS selector ``link`` finds first, and wait for the page ``url`` it leads to."""
        located = {"type": "css", "value": link}
        found = await self._ask("browsingContext.locateNodes", context=self._window, locator=located)
        if not found["nodes"]:
            raise BidiError(f"there is no {link}")
        element = {"type": "element", "element": {"sharedId": found["nodes"][0]["sharedId"]}}
        press = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": element},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        pointer = {"type": "pointer", "id": "mouse", "actions": press}
        await self._ask("input.performActions", until=url, context=self._window, actions=[pointer])

    async def _begin(self) -> None:
        await self._ask("session.new", capabilities={})
        await self._ask("session.subscribe", events=["browsingContext.load"])
        tree = await self._ask("browsingContext.getTree")
        self._window = tree["contexts"][0]["context"]

    async def _ask(self, method: str, *, until: str = "", **parameters: Any) -> Any:
        """The result of a command; with ``until``, once the page of that address is loaded too."""
        number = next(self._numbers)
        await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        answers: list[dict[str, Any]] = []
        loaded = not until
        try:
            async with asyncio.timeout(_LOAD_SECONDS):
                while not answers or not loaded:
                    message = json.loads(await self._connection.recv())
                    if message.get("id") == number:
                        answers.append(_checked(method, message))
                    elif message.get("method") == "browsingContext.load":
                        loaded = loaded or message["params"]["url"] == until
        except TimeoutError:
            raise BidiError(f"{method} took more than {_LOAD_SECONDS:.0f} s") from None
        return answers[0]["result"]


def _checked(method: str, message: dict[str, Any]) -> dict[str, Any]:
    if message["type"] == "error":
        raise BidiError(f"{method}: {message['message']}")
    return message


async def _address(log: Path) -> str:
    """Where it listens, from what it says when it starts."""
    address = await said(log, r"WebDriver BiDi listening on (ws://\S+)", _START_SECONDS)
    if not address:
        raise BidiError(f"Firefox does not start: {last_line(log)}")
    return address
