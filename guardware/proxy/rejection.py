"""Rejection: what a client gets whose bytes are no request that we would answer."""

import http
from email.utils import formatdate

_TEXTS = {
    400: "This is no HTTP request that can be answered safely.\n",
    405: "This method is not passed on.\n",
    408: "The request did not come in time.\n",
    431: "The request's headers are too large.\n",
    501: "This way to encode a body is not understood.\n",
    505: "Please use HTTP/1.1.\n",
}


def rejection(status: int) -> bytes:
    """A whole answer; the connection is to be closed after it."""
    body = _TEXTS[status].encode()
    lines = [
        f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}",
        f"date: {formatdate(usegmt=True)}",
        "content-type: text/plain; charset=utf-8",
        f"content-length: {len(body)}",
        "cache-control: no-store",
        *(["allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"] if status == 405 else []),
        "connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
