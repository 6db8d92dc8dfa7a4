"""Web Bot Auth: the values of covered components (RFC 9421 section 2), among them the RFC's own examples."""

import pytest
from web_bot_auth_samples import Headers

from guardware.crawlers.web_bot_auth.base import RequestComponents, SignedRequest, signature_bases
from guardware.crawlers.web_bot_auth.fields import Label, read_labels
from guardware.crawlers.web_bot_auth.result import RefusalError


def label_of(covered: str) -> Label:
    (label,) = read_labels(f'x=({covered});tag="t"'.encode(), b"x=::", "t")
    return label


def line(
    covered: str,
    headers: Headers | None = None,
    *,
    method: str = "POST",
    scheme: str = "https",
    authority: str = "www.example.com",
    path: bytes = b"/path",
    query: bytes = b"param=value",
) -> str:
    """The line of ``covered`` in the signature base."""
    request = SignedRequest(method, scheme, authority, path, query, headers or [])
    (base,) = signature_bases(label_of(covered), RequestComponents(request))
    first, last = base.decode("latin-1").split("\n")
    assert last == f'"@signature-params": ({covered});tag="t"'
    return first


@pytest.mark.parametrize(
    ("covered", "value"),
    [
        ('"@method"', "POST"),
        ('"@authority"', "www.example.com"),
        ('"@scheme"', "https"),
        ('"@target-uri"', "https://www.example.com/path?param=value"),
        ('"@request-target"', "/path?param=value"),
        ('"@path"', "/path"),
        ('"@query"', "?param=value"),
        ('"@query-param";name="param"', "value"),
    ],
)
def test_derived_components(covered: str, value: str) -> None:
    assert line(covered) == f"{covered}: {value}"


def test_derived_components_of_odd_requests() -> None:
    assert line('"@method"', method="get") == '"@method": GET'
    assert line('"@authority"', scheme="http", authority="WWW.Example.com:80") == '"@authority": www.example.com'
    assert line('"@authority"', authority="example.com:80") == '"@authority": example.com:80'
    assert line('"@authority"', authority="[::1]:8443") == '"@authority": [::1]:8443'
    assert line('"@path"', path=b"") == '"@path": /'
    assert line('"@path"', path=b"/a%20b/%C3%A9//c") == '"@path": /a%20b/%C3%A9//c'
    assert line('"@query"', query=b"") == '"@query": ?'
    assert line('"@target-uri"', query=b"") == '"@target-uri": https://www.example.com/path'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # RFC 9421 section 2.2.8
        ("baz", "batman"),
        ("qux", ""),
        ("var", "this%20is%20a%20big%0Amultiline%20value"),
        ("bar", "with%20plus%20whitespace"),
        ("fa%C3%A7ade%22%3A%20", "something"),
        ("tilde", "%7E"),
    ],
)
def test_query_parameters(name: str, value: str) -> None:
    query = b"baz=batman&qux=&var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace"
    query += b"&fa%C3%A7ade%22%3A%20=something&tilde=~&twice=1&twice=2"
    covered = f'"@query-param";name="{name}"'
    assert line(covered, query=query) == f"{covered}: {value}"


FIELDS: Headers = [
    # RFC 9421 section 2.1
    (b"host", b"www.example.com"),
    (b"x-ows-header", b"  Leading and trailing whitespace.\t "),
    (b"cache-control", b"max-age=60"),
    (b"cache-control", b"    must-revalidate"),
    (b"x-empty", b""),
    # section 2.1.2
    (b"example-dict", b"  a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
    (b"latin", b"caf\xe9"),
    (b"broken", b"a=1,,"),
    (b"folded", b"one\r\n two"),
]


@pytest.mark.parametrize(
    ("covered", "value"),
    [
        ('"host"', "www.example.com"),
        ('"x-ows-header"', "Leading and trailing whitespace."),
        ('"cache-control"', "max-age=60, must-revalidate"),
        ('"x-empty"', ""),
        ('"example-dict"', "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
        ('"example-dict";key="a"', "1"),
        ('"example-dict";key="d"', "?1"),
        ('"example-dict";key="b"', "2;x=1;y=2"),
        ('"example-dict";key="c"', "(a b c)"),
        ('"latin"', "caf\xe9"),
    ],
)
def test_header_fields(covered: str, value: str) -> None:
    assert line(covered, FIELDS) == f"{covered}: {value}"


@pytest.mark.parametrize(
    "covered",
    [
        '"absent"',
        '"Host"',
        '"example-dict";key="e"',
        '"example-dict";key=a',
        '"example-dict";sf',
        '"example-dict";bs',
        '"example-dict";tr',
        '"example-dict";key="a";req',
        '"broken";key="a"',
        '"host";req',
        '"folded"',
        '"@status"',
        '"@unknown"',
        '"@"',
        '""',
        '"@method";req',
        '"@query-param"',
        '"@query-param";name="absent"',
        '"@query-param";name=1',
        '"@query-param";name="param";req',
        '"@method";key="a"',
    ],
)
def test_what_cannot_be_told_is_not_verified(covered: str) -> None:
    with pytest.raises(RefusalError) as refusal:
        line(covered, FIELDS)
    assert refusal.value.outcome == "unverified"


@pytest.mark.parametrize("query", [b"a=1&a=2", b"&".join([b"a"] * 33), b"a=" + b"1" * 4096])
def test_query_parameters_that_cannot_be_told(query: bytes) -> None:
    with pytest.raises(RefusalError):
        line('"@query-param";name="a"', query=query)


def test_what_is_covered_is_bounded() -> None:
    with pytest.raises(RefusalError, match="more than 32768 bytes"):
        line('"x-long"', [(b"x-long", b"a" * 1_000_000)])
    many: Headers = [(b"a", b"k=1"), (b"b", b"k=1"), (b"c", b"k=1")]
    with pytest.raises(RefusalError, match="more than 2 fields"):
        line('"a";key="k" "b";key="k" "c";key="k"', many)
