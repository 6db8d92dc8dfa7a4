"""TLS to the upstream: what is trusted, what is shown, and what to do when it fails."""

import ssl
from typing import Any

import aiohttp

from guardware.config.proxy import UpstreamTls
from guardware.errors import GuardwareError


class _Named(ssl.SSLContext):
    """A context that asks for, and checks, one name, whatever the address is."""

    name = ""

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        """As SSLContext's; this is what asyncio calls."""
        return super().wrap_bio(*args, **{**options, "server_hostname": self.name})


def client_context(settings: UpstreamTls) -> ssl.SSLContext:
    """How https:// upstreams are talked to. Reads files; raises GuardwareError if one cannot be used."""
    context = _Named(ssl.PROTOCOL_TLS_CLIENT) if settings.server_name else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if isinstance(context, _Named):
        context.name = settings.server_name or ""
    context.set_alpn_protocols(["http/1.1"])
    _trust(context, settings)
    if settings.client_cert is not None:
        _show(context, settings.client_cert, settings.client_key)
    return context


def _trust(context: ssl.SSLContext, settings: UpstreamTls) -> None:
    if not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return
    if settings.ca is None:
        context.load_default_certs()
        return
    try:
        context.load_verify_locations(settings.ca)
    except OSError as error:  # ssl.SSLError is one
        raise GuardwareError(
            f"cannot use proxy.tls.ca, {settings.ca} ({_reason(error)}); "
            "it must be a readable file of PEM certificates"
        ) from None


def _show(context: ssl.SSLContext, certificate: str, key: str | None) -> None:
    try:
        # Without a password function OpenSSL would ask for one at the terminal.
        context.load_cert_chain(certificate, key, password=lambda: "")
    except OSError as error:
        raise GuardwareError(
            f"cannot use proxy.tls.client_cert, {certificate}, with the key {key or certificate} "
            f"({_reason(error)}); both must be readable PEM files without a password, and belong together"
        ) from None


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def mend(error: Exception) -> str:
    """What an owner can do about a failed connection, for the log; "" if it has nothing to do with TLS."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return (
            "; its certificate is not trusted: name the authority's file in proxy.tls.ca, or the name that "
            "stands in the certificate in proxy.tls.server_name"
        )
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return "; TLS failed: write http:// if it does not speak TLS, and proxy.tls.client_cert if it asks for one"
    return ""
