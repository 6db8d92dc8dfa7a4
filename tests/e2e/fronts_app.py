"""A guarded application that answers with what guardware read and found; ``python fronts_app.py PORT CONFIG``."""

import json
import sys
from typing import Any

import uvicorn

from guardware import Config, Guard
from guardware.config import load


class Mirror:
    """Answers every request with the facts of its visit and the evidence of its verdict."""

    def __init__(self, config: Config) -> None:
        self._guard = Guard(config)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        visit = self._guard.read(scope)
        assert visit is not None
        verdict = await self._guard.judge(visit)
        facts = {name: None if value is None else value.decode() for name, value in visit.facts._asdict().items()}
        found = {
            **facts,
            "scheme": visit.scheme,
            "address": visit.source.address,
            "account": visit.account.decode(),
            "evidence": sorted(e.name for e in verdict.evidence),
        }
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(found).encode()})


if __name__ == "__main__":
    app = Mirror(load(sys.argv[2]))
    # Guardware reads forwarded headers itself, and trusts whom its own configuration names.
    uvicorn.run(app, port=int(sys.argv[1]), lifespan="off", proxy_headers=False, log_level="warning")
