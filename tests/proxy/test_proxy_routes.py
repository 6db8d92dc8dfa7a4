"""Which upstream a request goes to: by host, and by path in whole parts, as judged."""

from collections.abc import Mapping
from urllib.parse import unquote

import pytest

from guardware.config.proxy import Proxy
from guardware.proxy.routes import Place, Routes, place_of
from guardware.visit import VisitReader

from .conftest import PeerFactory, UpstreamFactory
from .peers import OK, ask, http_scope, replies

SETTINGS = {
    "upstream": "http://10.0.0.1",
    "routes": [
        {"host": ["shop.example", "*.shop.example"], "upstream": "http://10.0.0.2"},
        {"host": "art.example", "path": "/blog/", "upstream": ["http://10.0.0.3", "unix:/run/blog.sock"]},
        {"path": "/api", "upstream": "http://10.0.0.1"},
    ],
}


def found(settings: Mapping[str, object], target: bytes, host: bytes = b"art.example") -> list[str]:
    scope = http_scope(target)
    scope["headers"] = [(b"host", host)]
    scope["path"] = unquote(target.decode())
    group = Routes(Proxy.model_validate(settings)).find(scope)
    return [str(member.address) for member in group.members] if group else []


@pytest.mark.parametrize(
    ("host", "target", "expected"),
    [
        (b"art.example", b"/", ["http://10.0.0.1"]),
        (b"shop.example", b"/", ["http://10.0.0.2"]),
        (b"SHOP.Example.:8443", b"/blog/x", ["http://10.0.0.2"]),
        (b"a.b.shop.example", b"/", ["http://10.0.0.2"]),
        (b"workshop.example", b"/", ["http://10.0.0.1"]),
        (b"art.example", b"/blog", ["http://10.0.0.3", "unix:/run/blog.sock"]),
        (b"art.example", b"/blog/2026/x.png", ["http://10.0.0.3", "unix:/run/blog.sock"]),
        (b"art.example", b"/blogger", ["http://10.0.0.1"]),
        (b"art.example", b"/Blog", ["http://10.0.0.1"]),
        (b"other.example", b"/blog/x", ["http://10.0.0.1"]),
        (b"art.example", b"//blog//x", ["http://10.0.0.3", "unix:/run/blog.sock"]),
        (b"art.example", b"/%62log/x", ["http://10.0.0.3", "unix:/run/blog.sock"]),
        (b"art.example", b"/x/../blog/y", ["http://10.0.0.1"]),
        (b"art.example", b"/blog%2fx", ["http://10.0.0.3", "unix:/run/blog.sock"]),
        (b"", b"/api/x", ["http://10.0.0.1"]),
    ],
)
def test_the_first_route_that_fits(host: bytes, target: bytes, expected: list[str]) -> None:
    assert found(SETTINGS, target, host) == expected


def test_no_route_and_no_upstream() -> None:
    assert found({"routes": SETTINGS["routes"]}, b"/") == []


def test_an_address_named_twice_is_one_member() -> None:
    members = Routes(Proxy.model_validate(SETTINGS)).members
    assert [str(member.address) for member in members] == [
        "http://10.0.0.2",
        "http://10.0.0.3",
        "unix:/run/blog.sock",
        "http://10.0.0.1",
    ]


def test_the_visit_that_was_judged_decides() -> None:
    scope = http_scope(b"/blog/x")
    visit = VisitReader().read(http_scope(b"/judged"))
    assert place_of({**scope, "state": {"guardware.visit": visit}}) == Place("art.example", "/judged")
    assert place_of({**scope, "state": {}}) == Place("art.example", "/blog/x")


async def test_the_path_goes_upstream_as_it_came(peer: PeerFactory, upstream: UpstreamFactory) -> None:
    main, blog = await peer(replies(OK)), await peer(replies(OK))
    app = upstream(main.url, routes=[{"path": "/blog", "upstream": f"{blog.url}/site"}])
    await ask(app, b"//blog//x?y=%2F")
    assert (blog.request_line(), main.heads) == (b"GET /site//blog//x?y=%2F HTTP/1.1", [])


async def test_nobody_answers_where_no_route_fits(upstream: UpstreamFactory) -> None:
    app = upstream((), routes=[{"host": "shop.example", "upstream": "http://127.0.0.1:9"}])
    assert (await ask(app)).status == 404
