"""Build tests/corpora/clients.jsonl: what real clients sent, from the raw captures, one client a line.

Usage: python scripts/build_client_corpus.py client_traits.json tests/corpora/clients.jsonl

The captures were recorded on loopback in November 2026 (client, category and versions are in the file). Kept
per request: method, target, whether it came over TLS, host and headers in wire order. HTTP/2 pseudo headers
become what an ASGI server makes of them.
"""

import json
import sys
from pathlib import Path
from typing import Any


def request(raw: dict[str, Any]) -> list[Any] | None:
    """``[method, target, scheme, headers]`` of one captured request, or None for other events."""
    if "headers" not in raw:
        return None
    headers = [[n.lower(), v] for n, v in raw["headers"] if not n.startswith(":")]
    pseudo = {n: v for n, v in raw["headers"] if n.startswith(":")}
    if ":authority" in pseudo:
        headers.insert(0, ["host", pseudo[":authority"]])
    return [raw["method"], raw["target"], "http" if raw["proto"] == "h1" else "https", headers]


def main(source: str, target: str) -> None:
    raw = json.loads(Path(source).read_text())
    lines = []
    for name, client in raw["clients"].items():
        requests = [r for r in map(request, client["requests"]) if r]
        lines.append(json.dumps({"client": name, "category": client["category"], "requests": requests}))
    Path(target).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
