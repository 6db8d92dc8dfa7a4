"""The head of an upstream's answer, read from its bytes, and what came with it."""

from typing import Any

import httptools

from guardware.http import RawHeaders

MAX_HEAD = 256 * 1024
"""Bytes before the end of the head, with all interim answers; who sends more is left to the ordinary way."""


class NoAnswerError(Exception):
    """What came is no answer that we can relay."""


class AnswerHead:
    """Feed it what comes. ``complete``: the head is there. ``body``: what has come of the body, unframed.

    ``ended``: the body is complete by its own framing, as that of a chunked answer is. ``surplus``: more came than
    belongs to the answer. Interim answers (1xx) are passed over.
    """

    __slots__ = (
        *("_parser", "_size", "body", "complete", "ended", "headers", "keep_alive", "status", "surplus"),
        "chunked",
    )

    def __init__(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._size = 0
        self.status = 0
        self.headers: RawHeaders = []
        self.body: list[bytes] = []
        self.complete = self.ended = self.surplus = self.keep_alive = self.chunked = False

    def feed(self, data: bytes) -> None:
        """Raises NoAnswerError, also when the framing of the body breaks."""
        if not self.complete:
            self._size += len(data)
            if self._size > MAX_HEAD:
                raise NoAnswerError("a head of unusual size")
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if self.ended:
                self.surplus = True
                return
            raise NoAnswerError(str(error)) from error

    def on_message_begin(self) -> None:
        if self.complete:
            self.surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete:
            return  # a trailer, or what is no part of this answer
        name = name.lower()
        if name == b"transfer-encoding":
            self.chunked = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if status == 101:
            raise NoAnswerError("a change of protocol that nobody asked for")
        if status < 200:
            self.headers, self.chunked = [], False
            return
        self.status = status
        self.complete = True
        self.keep_alive = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        if self.ended:
            self.surplus = True
        else:
            self.body.append(body)

    def on_message_complete(self) -> None:
        if self.complete:
            self.ended = True

    def take(self) -> bytes:
        """What has come of the body since the last call."""
        body, self.body = b"".join(self.body), []
        return body
