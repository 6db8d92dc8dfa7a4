"""The section ``proxy``: what may stand in it, and what is said of the rest."""

import pytest
from pydantic import ValidationError

from guardware.config.proxy import Proxy

A, B = "http://10.0.0.1:3000", "unix:/run/app.sock"


def test_one_value_may_stand_where_a_list_may() -> None:
    read = Proxy.model_validate({"upstream": A, "routes": [{"host": "Shop.Example.", "upstream": B}]})
    assert (read.upstream, read.routes[0].host, read.routes[0].upstream) == ((A,), ("shop.example",), (B,))


def test_equal_sections_are_one_key() -> None:
    """Hosts with the same section share their connections."""
    data = {"upstream": [A, B], "health": {"path": "/ping"}, "tls": {"ca": "x.pem"}, "routes": [{"upstream": A}]}
    assert {Proxy.model_validate(data): 1}[Proxy.model_validate(data)] == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"upstream": "10.0.0.1:3000"}, "does not start with http://, https:// or unix:"),
        ({"upstream": [A, "http://10.0.0.1:0"]}, "names no host"),
        ({"upstream": "http://me:secret@site.example"}, "leave out user"),
        ({"upstream": "unix:app.sock"}, "names no socket"),
        ({"upstream": A, "root": "pictures"}, "keep one of them"),
        ({"root": "pictures", "routes": [{"upstream": A}]}, "routes, which it would never use"),
        ({"routes": [{"upstream": []}]}, "at least 1"),
        ({"routes": [{"upstream": "shop.example"}]}, "does not start with"),
        ({"routes": [{"upstream": A, "path": "blog"}]}, "pattern"),
        *(
            ({"routes": [{"upstream": A, "path": path}]}, "fits no request")
            for path in ("/caf%C3%A9", "/a//b", "/a/../b", "/a?b", "/a#b")
        ),
        ({"routes": [{"upstream": A, "host": "https://shop.example"}]}, "write 'shop.example' alone"),
        ({"routes": [{"upstream": A, "host": "shop.example:443"}]}, "write 'shop.example' alone"),
        ({"routes": [{"upstream": A, "host": "*"}]}, "is every host"),
        ({"routes": [{"upstream": A, "host": "shop.*.example"}]}, "is no host name"),
        ({"tls": {"client_key": "me.key"}}, "name both"),
        ({"health": {"path": "ping"}}, "pattern"),
        ({"health": {"path": "/a b"}}, "pattern"),
        ({"health": {"interval": 0}}, "greater than 0"),
        ({"retries": -1}, "greater than or equal to 0"),
        ({"max_body": "-1 MB"}, "is not a size"),
        ({"first_byte_timeout": "never"}, "is not a duration"),
    ],
)
def test_what_is_refused(data: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as caught:
        Proxy.model_validate(data)
    assert not any("secret" in error["msg"] for error in caught.value.errors())
