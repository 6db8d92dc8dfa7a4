"""Pictures with aiohttp, eight at a time. Usage: fetch_aiohttp.py URLS"""

import asyncio
import sys
from pathlib import Path

import aiohttp


async def main(urls: list[str]) -> None:
    turn = asyncio.Semaphore(8)
    async with aiohttp.ClientSession() as session:

        async def fetch(url: str) -> None:
            async with turn, session.get(url) as response:
                await response.read()

        await asyncio.gather(*map(fetch, urls))


asyncio.run(main(Path(sys.argv[1]).read_text().split()))
