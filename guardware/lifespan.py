"""The lifespan of an application, followed by what stands around it: started before it, stopped after it."""

from collections.abc import Awaitable, Callable

from guardware.http import ASGIApp, Message, Receive, Scope, Send


async def follow_lifespan(
    app: ASGIApp,
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    start: Callable[[], Awaitable[None]],
    stop: Callable[[], Awaitable[None]],
) -> None:
    """Pass ``scope`` (of type lifespan) on to ``app``; ``start`` before its startup, ``stop`` after its shutdown,
    in which it may still have visits to judge."""
    stopping = False

    async def receive_and_follow() -> Message:
        nonlocal stopping
        message = await receive()
        if message["type"] == "lifespan.startup":
            await start()
        stopping = stopping or message["type"] == "lifespan.shutdown"
        return message

    async def stop_and_send(message: Message) -> None:
        nonlocal stopping
        if stopping and message["type"].startswith("lifespan.shutdown."):
            # Once it has this message, the server ends the event loop and waits for nothing more.
            stopping = False
            await stop()
        await send(message)

    try:
        await app(scope, receive_and_follow, stop_and_send)
    finally:
        # Not when the application merely has no lifespan (Django's raises): its visits are still to come.
        if stopping:
            await stop()
