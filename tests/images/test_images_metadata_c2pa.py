"""C2PA manifests: signed with a certificate made here, read back through the library."""

import json
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from c2pa import Context, Reader, Settings  # type: ignore[import-untyped]
from image_samples import file_of, scene
from metadata_samples import STATEMENT, frames

from guardware.errors import MissingExtraError
from guardware.images.metadata import credit
from guardware.images.metadata.c2pa import sign

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/avif": "AVIF",
    "image/gif": "GIF",
    "image/tiff": "TIFF",
}

EXTENSIONS = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,emailProtection
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
"""


class Identity(NamedTuple):
    chain: bytes
    key: bytes
    authority: bytes
    self_signed: bytes


def _openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def identity(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    """A small authority, and an artist's certificate signed by it."""
    folder = tmp_path_factory.mktemp("identity")
    (folder / "extensions").write_text(EXTENSIONS)
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc"
    certify = "x509 -req -in artist.csr -days 2 -extfile extensions"
    for command in (
        f"req -x509 {curve} -keyout ca.key -out ca.pem -days 2 -subj /O=Authority/CN=Authority"
        " -addext keyUsage=critical,keyCertSign,cRLSign",
        f"req {curve} -keyout artist.key -out artist.csr -subj /O=Gallery/CN=Artist",
        f"{certify} -CA ca.pem -CAkey ca.key -CAcreateserial -out artist.pem",
        f"{certify} -key artist.key -out self.pem",
    ):
        _openssl(folder, command)
    read = {path.name: path.read_bytes() for path in folder.iterdir()}
    return Identity(read["artist.pem"] + read["ca.pem"], read["artist.key"], read["ca.pem"], read["self.pem"])


def manifest(data: bytes, media_type: str, authority: bytes = b"") -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole store as the library reads it, and the active manifest."""
    settings: dict[str, Any] = {"verify": {"verify_trust": bool(authority)}}
    if authority:
        settings["trust"] = {"trust_anchors": authority.decode()}
    with (
        Context(Settings.from_dict(settings)) as context,
        Reader(media_type, BytesIO(data), context=context) as reader,
    ):
        store = json.loads(reader.json())
    return store, store["manifests"][store["active_manifest"]]


@pytest.mark.parametrize("media_type", FORMATS)
def test_both_assertions_are_signed(media_type: str, identity: Identity) -> None:
    data = file_of(scene(64, 48), FORMATS[media_type])
    signed = sign(data, media_type, identity.chain, identity.key, "es256", "Blue hills")
    store, active = manifest(signed, media_type, identity.authority)
    assert store["validation_state"] == "Trusted"
    assert (active["title"], active["signature_info"]["common_name"]) == ("Blue hills", "Artist")
    stated = {assertion["label"]: assertion["data"] for assertion in active["assertions"]}
    for prefix in ("c2pa", "cawg"):
        assert stated[f"{prefix}.training-mining"] == {
            "entries": {
                f"{prefix}.ai_generative_training": {"use": "notAllowed"},
                f"{prefix}.ai_inference": {"use": "notAllowed"},
                f"{prefix}.ai_training": {"use": "notAllowed"},
                f"{prefix}.data_mining": {"use": "notAllowed"},
            }
        }
    assert np.array_equal(frames(signed)[0][0], frames(data)[0][0])


def test_there_is_no_second_picture_in_the_manifest(identity: Identity) -> None:
    data = file_of(scene(640, 480), "JPEG")
    signed = sign(data, "image/jpeg", identity.chain, identity.key, "es256", "Hills")
    assert "thumbnail" not in json.dumps(manifest(signed, "image/jpeg")[0])
    assert len(signed) - len(data) < 16_000


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png", "image/webp"])
def test_credit_first_then_sign(media_type: str, identity: Identity) -> None:
    credited = credit(file_of(scene(64, 48), FORMATS[media_type]), STATEMENT)
    signed = sign(credited, media_type, identity.chain, identity.key, "es256", "Hills")
    assert manifest(signed, media_type)[0]["validation_state"] == "Valid"
    assert credit(signed, STATEMENT) == credited  # a manifest that is no longer true goes


def test_a_changed_picture_is_found_out(identity: Identity) -> None:
    signed = bytearray(sign(file_of(scene(64, 48), "JPEG"), "image/jpeg", *identity[:2], "es256", "Hills"))
    signed[-20] ^= 1
    assert manifest(bytes(signed), "image/jpeg")[0]["validation_state"] == "Invalid"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"media_type": "image/svg+xml"}, "image/svg.xml cannot be signed; one of image/jpeg"),
        ({"alg": "rs256"}, "unknown algorithm 'rs256'; one of es256"),
        ({"alg": "ed25519"}, "could not be signed: .*invalid private key"),
        ({"certificate_chain_pem": "nothing"}, "could not be signed: .*certificate"),
        ({"certificate_chain_pem": "self_signed"}, "could not be signed: .*the certificate is invalid"),
        ({"private_key_pem": "nothing"}, "could not be signed: .*invalid ES256 private key"),
        ({"data": b""}, "could not be signed: .*input JPEG"),
        ({"data": b"\xff\xd8\xff\xe0\0\x10JFIF"}, "could not be signed: .*input JPEG"),
        ({"media_type": "image/png"}, "could not be signed: .*invalid header"),
    ],
)
def test_bad_input_is_an_error_that_says_so(change: dict[str, Any], error: str, identity: Identity) -> None:
    good: dict[str, Any] = {
        "data": file_of(scene(8, 8), "JPEG"),
        "media_type": "image/jpeg",
        "certificate_chain_pem": "chain",
        "private_key_pem": "key",
        "alg": "es256",
    }
    known = identity._asdict() | {"nothing": b"nothing"}
    asked = {name: known.get(value, value) for name, value in (good | change).items()}
    with pytest.raises(ValueError, match=f"c2pa: .*{error}"):
        sign(**asked, title="Hills")


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "c2pa", None)
    monkeypatch.delitem(sys.modules, "guardware.images.metadata.c2pa")
    with pytest.raises(MissingExtraError, match=r"c2pa-python is not installed.*guardware\[c2pa\]"):
        __import__("guardware.images.metadata.c2pa")
