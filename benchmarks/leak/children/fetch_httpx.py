"""Pictures with httpx, eight at a time. Usage: fetch_httpx.py URLS"""

import asyncio
import sys
from pathlib import Path

import httpx  # type: ignore[import-not-found]


async def main(urls: list[str]) -> None:
    turn = asyncio.Semaphore(8)
    async with httpx.AsyncClient(timeout=30) as client:

        async def fetch(url: str) -> None:
            async with turn:
                await client.get(url)

        await asyncio.gather(*map(fetch, urls))


asyncio.run(main(Path(sys.argv[1]).read_text().split()))
