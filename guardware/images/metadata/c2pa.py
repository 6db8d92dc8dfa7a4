"""C2PA: a signed manifest that forbids training and data mining, by both assertions. Needs the extra ``c2pa``."""

from io import BytesIO
from typing import Any

from guardware.errors import MissingExtraError

try:
    from c2pa import (  # type: ignore[import-untyped]
        Builder,
        C2paBuilderIntent,
        C2paError,
        C2paSignerInfo,
        C2paSigningAlg,
        Context,
        Settings,
        Signer,
    )
except ImportError as _error:
    raise MissingExtraError("c2pa-python", "c2pa") from _error

ALGORITHMS = {alg.name.lower(): alg for alg in C2paSigningAlg}
"""es256, es384, es512, ps256, ps384, ps512, ed25519; RSA keys sign by ps…"""

MEDIA_TYPES = ("image/jpeg", "image/png", "image/webp", "image/avif", "image/gif", "image/tiff")

_USES = ("data_mining", "ai_inference", "ai_generative_training", "ai_training")

_PREFIXES = ("c2pa", "cawg")
"""c2pa.training-mining: C2PA 1.4, 18.21, which older readers know (datadiligence reads it alone).
cawg.training-mining: CAWG Training and Data Mining 1.1, its successor; the entries' names change as well."""

_SETTINGS: dict[str, Any] = {
    # A thumbnail in the manifest would be one more, unwatched copy of the picture.
    "builder": {"thumbnail": {"enabled": False}},
    # Signing never waits on the network, for a manifest elsewhere or for revocations.
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}


def sign(
    data: bytes,
    media_type: str,
    certificate_chain_pem: bytes,
    private_key_pem: bytes,
    alg: str,
    title: str,
) -> bytes:
    """The file ``data`` with a signed C2PA manifest; whatever changes it afterwards makes the manifest invalid.

    ``certificate_chain_pem``: the signer's certificate first, then those above it; self-signed ones are refused by
    the library. ``private_key_pem``: PKCS #8. ``alg``: one of ``ALGORITHMS``. ``title``: the work's, shown by
    viewers. A manifest that the file has already becomes this one's parent.

    Raises ValueError for a media type or algorithm that is unknown, a certificate or key that does not fit, and a
    damaged file.
    """
    if media_type not in MEDIA_TYPES:
        raise ValueError(f"c2pa: {media_type} cannot be signed; one of {', '.join(MEDIA_TYPES)}")
    if alg not in ALGORITHMS:
        raise ValueError(f"c2pa: unknown algorithm {alg!r}; one of {', '.join(ALGORITHMS)}")
    signed = BytesIO()
    try:
        info = C2paSignerInfo(ALGORITHMS[alg], certificate_chain_pem, private_key_pem, None)
        with (
            Context(Settings.from_dict(_SETTINGS)) as context,
            Signer.from_info(info) as signer,
            Builder(_manifest(media_type, title), context=context) as builder,
        ):
            builder.set_intent(C2paBuilderIntent.EDIT)
            builder.sign(signer, media_type, BytesIO(data), signed)
    except C2paError as error:
        raise ValueError(f"c2pa: the picture could not be signed: {error}") from error
    return signed.getvalue()


def _manifest(media_type: str, title: str) -> dict[str, Any]:
    assertions = [
        {
            "label": f"{prefix}.training-mining",
            "data": {"entries": {f"{prefix}.{use}": {"use": "notAllowed"} for use in _USES}},
        }
        for prefix in _PREFIXES
    ]
    return {
        "claim_generator_info": [{"name": "guardware"}],
        "title": title,
        "format": media_type,
        "assertions": assertions,
    }
