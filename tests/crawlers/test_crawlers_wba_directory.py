"""Web Bot Auth: reading what an agent's origin answers."""

import base64
import hashlib
import json
import logging
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_bot_auth_samples import AGENT, NOW, Headers, Signer, changed, corpus, public_half

from guardware.crawlers.web_bot_auth.directory import Directory, Fetched, read_directory
from guardware.crawlers.web_bot_auth.result import RefusalError, Rules

BOT, OTHER = Signer(), Signer(b"other")
TYPE = (b"content-type", b"application/http-message-signatures-directory+json")


def body_of(*signers: Signer) -> bytes:
    return json.dumps({"keys": [signer.jwk() for signer in signers]}).encode()


def directory(
    body: bytes = body_of(BOT), headers: Headers | None = None, *, status: int = 200, now: float = NOW
) -> Directory:
    return read_directory(Fetched(status, [TYPE] if headers is None else headers, body), AGENT, now, Rules())


def refused(body: bytes = body_of(BOT), headers: Headers | None = None, *, status: int = 200) -> str:
    with pytest.raises(RefusalError) as refusal:
        directory(body, headers, status=status)
    assert refusal.value.outcome == "unverified"
    return refusal.value.reason


def test_a_directory_has_keys_by_thumbprint() -> None:
    assert directory(body_of(BOT, OTHER)).keys.keys() == {BOT.keyid, OTHER.keyid}


def test_the_name_that_a_key_gives_itself_counts_for_nothing() -> None:
    body = json.dumps({"keys": [BOT.jwk(kid=OTHER.keyid)]}).encode()
    assert directory(body).keys.keys() == {BOT.keyid}


def test_keys_of_no_use_are_passed_over() -> None:
    keys = [None, {"kty": "oct"}, BOT.jwk(use="enc"), public_half(corpus("ed25519.json")), OTHER.jwk()]
    assert directory(json.dumps({"keys": keys, "purpose": "rag"}).encode()).keys.keys() == {OTHER.keyid}


def test_a_directory_may_be_empty() -> None:
    assert directory(b'{"keys": []}').keys == {}


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 304, 307, 400, 403, 404, 429, 500, 503])
def test_only_200_is_an_answer(status: int) -> None:
    assert refused(status=status) == f"the key directory answered with status {status}"


@pytest.mark.parametrize(
    "media_type",
    [
        b"application/http-message-signatures-directory+json",
        b"Application/HTTP-Message-Signatures-Directory+JSON; charset=utf-8",
        b"application/json",
    ],
)
def test_media_types_that_are_read(media_type: bytes) -> None:
    assert directory(headers=[(b"content-type", media_type)]).keys


@pytest.mark.parametrize("media_type", [b"text/html", b"application/jwk-set+json", b"text/plain", b"", b"\xff"])
def test_media_types_that_are_not(media_type: bytes) -> None:
    assert refused(headers=[(b"content-type", media_type)]) == "the key directory has another media type"
    assert refused(headers=[]) == "the key directory has another media type"


def test_plain_json_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        directory(headers=[(b"content-type", b"application/json")])
    assert AGENT in caplog.text


def test_a_compressed_directory_is_not_unpacked() -> None:
    assert "compressed" in refused(headers=[TYPE, (b"content-encoding", b"gzip")])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": "x"}',
        b'{"keys": [NaN]}',
        b'{"keys": [Infinity]}',
        b'{"keys": [}',
        b"\xff\xfe",
        body_of(BOT).decode().encode("utf-16"),
        b'{"keys":' + b"[" * 60000,
        b'{"keys":' + b'{"a":' * 12000,
        b'{"keys": [' + b"9" * 60000 + b"]}",
        b"<html>",
    ],
)
def test_bodies_that_are_no_directory(body: bytes) -> None:
    assert refused(body) == "the key directory is malformed"


def test_keys_are_counted() -> None:
    keys = [BOT.jwk()] * 32
    assert directory(json.dumps({"keys": keys}).encode()).keys
    assert refused(json.dumps({"keys": [*keys, 1]}).encode()) == "the key directory has more than 32 keys"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], 3600),
        ([(b"cache-control", b"max-age=600")], 600),
        ([(b"cache-control", b'public, Max-Age="600"')], 600),
        ([(b"cache-control", b"public"), (b"cache-control", b"max-age=600")], 600),
        ([(b"cache-control", b"max-age=600"), (b"age", b"100")], 500),
        ([(b"cache-control", b"max-age=600"), (b"age", b"1000")], 60),
        ([(b"cache-control", b"max-age=0")], 60),
        ([(b"cache-control", b"max-age=-5")], 60),
        ([(b"cache-control", b"max-age=abc")], 60),
        ([(b"cache-control", b"max-age=604800")], 86400),
        ([(b"cache-control", b"max-age=" + b"9" * 500)], 60),
        ([(b"cache-control", b"max-age=600, no-store")], 60),
        ([(b"cache-control", b"no-cache")], 60),
        ([(b"cache-control", b"s-maxage=9, immutable")], 3600),
        ([(b"age", b"junk")], 3600),
    ],
)
def test_how_long_it_is_kept(headers: Headers, seconds: float) -> None:
    assert directory(headers=[TYPE, *headers]).lifetime == seconds


class TestItsOwnSignature:
    """A directory signed by its keys cannot be passed off by another host; it need not be signed."""

    def signed(self, *, signer: Signer = BOT, host: str = "agent.example.org", **changes: Any) -> Headers:
        covered = {'"@authority";req': host, '"content-digest"': self.digest(body_of(BOT))}
        tag = '"http-message-signatures-directory"'
        fields = signer.headers(covered, agent=None, **({"tag": tag, "nonce": None} | changes))
        return [TYPE, (b"content-digest", covered['"content-digest"'].encode()), *fields]

    def digest(self, body: bytes) -> str:
        return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"

    def test_a_good_one(self) -> None:
        assert directory(headers=self.signed()).keys.keys() == {BOT.keyid}

    def test_without_times(self) -> None:
        assert directory(headers=self.signed(created=None, expires=None)).keys

    def test_over_the_host_alone(self) -> None:
        fields = BOT.headers(
            {'"@authority";req': "agent.example.org"}, agent=None, tag='"http-message-signatures-directory"'
        )
        assert directory(headers=[TYPE, *fields]).keys

    @pytest.mark.parametrize(
        "headers",
        [
            {"host": "elsewhere.example"},
            {"expires": NOW},
            {"created": NOW + 61},
            {"created": '"x"'},
            {"alg": '"rsa-pss-sha512"'},
        ],
    )
    def test_a_wrong_one(self, headers: dict[str, Any]) -> None:
        assert refused(headers=self.signed(**headers)) == "the key directory's own signature is wrong"

    def test_one_that_leaves_the_host_out(self) -> None:
        covered = {'"@status"': "200"}
        fields = BOT.headers(covered, agent=None, tag='"http-message-signatures-directory"')
        assert refused(headers=[TYPE, *fields]) == "the key directory's own signature is wrong"
        covered |= {'"@authority";req': "agent.example.org"}
        fields = BOT.headers(covered, agent=None, tag='"http-message-signatures-directory"')
        assert directory(headers=[TYPE, *fields]).keys

    def test_another_body(self) -> None:
        assert refused(body_of(BOT, OTHER), self.signed()) == "the key directory's own signature is wrong"

    @pytest.mark.parametrize("digest", [b"md5=:AAAA:", b"sha-256=:AAAA:", b"sha-256=1"])
    def test_a_digest_that_tells_nothing(self, digest: bytes) -> None:
        covered = {'"@authority";req': "agent.example.org", '"content-digest"': digest.decode()}
        fields = BOT.headers(covered, agent=None, tag='"http-message-signatures-directory"')
        headers = [TYPE, (b"content-digest", digest), *fields]
        assert refused(headers=headers) == "the key directory's own signature is wrong"

    @pytest.mark.parametrize(("other", "good"), [(hashlib.sha512(body_of(BOT)).digest(), True), (b"no", False)])
    def test_every_digest_that_is_known_must_be_right(self, other: bytes, good: bool) -> None:
        digest = f"{self.digest(body_of(BOT))}, sha-512=:{base64.b64encode(other).decode()}:, md5=:AAAA:"
        covered = {'"@authority";req': "agent.example.org", '"content-digest"': digest}
        fields = BOT.headers(covered, agent=None, tag='"http-message-signatures-directory"')
        headers = [TYPE, (b"content-digest", digest.encode()), *fields]
        if good:
            assert directory(headers=headers).keys
        else:
            assert refused(headers=headers) == "the key directory's own signature is wrong"

    def test_what_cannot_be_read(self) -> None:
        assert refused(headers=changed(self.signed(), b"signature", b"sig1=:")) == "Signature is malformed"

    def test_signatures_by_other_keys_and_for_other_purposes_are_passed_over(self) -> None:
        assert directory(headers=self.signed(signer=OTHER)).keys
        assert directory(headers=self.signed(host="elsewhere.example", tag='"something-else"')).keys


@settings(deadline=None)
@given(
    st.binary(max_size=200),
    st.lists(
        st.tuples(
            st.sampled_from(
                [b"signature", b"signature-input", b"content-type", b"cache-control", b"age", b"content-digest"]
            ),
            st.binary(max_size=60),
        ),
        max_size=6,
    ),
)
def test_no_answer_makes_another_error(body: bytes, headers: Headers) -> None:
    with suppress(RefusalError):
        assert 60 <= directory(body, [TYPE, *headers]).lifetime <= 86400
