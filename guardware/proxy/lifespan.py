"""The ASGI lifespan of an innermost app: start, stop, and an answer to the server for each."""

from collections.abc import Awaitable, Callable

from guardware.http import Receive, Send

Step = Callable[[], Awaitable[None]]


async def _nothing() -> None:
    pass


async def run_lifespan(receive: Receive, send: Send, *, start: Step = _nothing, stop: Step = _nothing) -> None:
    """Answer a ``lifespan`` scope: ``start`` when the server starts, ``stop`` before it ends."""
    while True:
        event = (await receive())["type"]
        await (start if event == "lifespan.startup" else stop)()
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
