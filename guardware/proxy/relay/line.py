"""One connection to an upstream: a bare socket, so that the kernel can move what comes."""

import socket
from asyncio import AbstractEventLoop, Future

from guardware.proxy.relay.answer_head import AnswerHead, NoAnswerError

_FIRST = 16 * 1024
"""Bytes read at once while the head is awaited: a small picture comes whole, little of a large one is copied."""

_PIECE = 64 * 1024
"""Bytes read at once of what the kernel cannot relay."""


class LineClosedError(Exception):
    """The upstream closed the connection."""


class Line:
    """``deadline``: the loop's time by which something must come, 0 for none; whoever owns the line watches it."""

    __slots__ = ("_answer", "_failure", "_loop", "_ready", "_watched", "closed", "deadline", "fd", "sock")

    def __init__(self, sock: socket.socket, loop: AbstractEventLoop) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.deadline = 0.0
        self.closed = False
        self._loop = loop
        self._answer: AnswerHead | None = None
        self._ready: Future[None] | None = None
        self._failure: Exception | None = None
        self._watched = True
        loop.add_reader(self.fd, self._readable)

    def is_fresh(self) -> bool:
        """Whether nothing has come since the last answer, not even the connection's end."""
        if self.closed:
            return False
        try:
            self.sock.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def ask(self, request: bytes) -> AnswerHead:
        """Send ``request``, and wait for the head of the answer. Raises LineClosedError, NoAnswerError."""
        self._answer = answer = AnswerHead()
        try:
            sent = self.sock.send(request)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise LineClosedError(str(error)) from error
        if sent < len(request):
            await self._send_rest(request[sent:])
        while not answer.complete:
            await self._wait()
        return answer

    async def more(self, answer: AnswerHead) -> bytes:
        """More of a body that we must unframe; empty at its end, or at the connection's. Raises as ``ask``."""
        while not answer.ended:
            found = answer.take()
            if found:
                return found
            await self.readable()
            try:
                data = self.sock.recv(_PIECE)
            except BlockingIOError:
                continue
            except OSError as error:
                raise LineClosedError(str(error)) from error
            if not data:
                return b""
            answer.feed(data)
        return answer.take()

    async def readable(self) -> None:
        """Wait until something can be read, or the line has ended."""
        if not self._watched:
            self._loop.add_reader(self.fd, self._readable)
            self._watched = True
        await self._wait()

    def fail(self, failure: Exception) -> None:
        """Whoever waits for the upstream, or would next, gets ``failure``."""
        self._failure = failure
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    def close(self) -> None:
        """End the connection; twice does no harm."""
        if self.closed:
            return
        self.closed = True
        if self._watched:
            self._loop.remove_reader(self.fd)
        self.sock.close()

    def rest(self) -> None:
        """The answer is over; whatever comes now ends the line."""
        self._answer = None
        if not self._watched:
            self._loop.add_reader(self.fd, self._readable)
            self._watched = True

    async def _wait(self) -> None:
        if self._failure is None:
            self._ready = self._loop.create_future()
            try:
                await self._ready
            finally:
                self._ready = None
        if self._failure is not None:
            raise self._failure

    async def _send_rest(self, rest: bytes) -> None:
        """A head larger than the socket's buffer. The upstream may refuse it before it has all."""
        while rest:
            ready = self._loop.create_future()
            self._loop.add_writer(self.fd, _wake, ready)
            self._ready = ready
            try:
                await ready
            finally:
                self._ready = None
                self._loop.remove_writer(self.fd)
            if self._failure is not None:
                raise self._failure
            try:
                rest = rest[self.sock.send(rest) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise LineClosedError(str(error)) from error

    def _readable(self) -> None:
        answer = self._answer
        if answer is not None and not answer.complete:
            self._read_head(answer)
        elif self._ready is not None:
            _wake(self._ready)
        elif answer is None:
            # Idle: its end, or what nobody asked for. But this may be news of bytes that have been taken since.
            if not self.is_fresh():
                self.close()
        else:
            # Nobody reads at this moment, since the visitor takes nothing.
            self._loop.remove_reader(self.fd)
            self._watched = False

    def _read_head(self, answer: AnswerHead) -> None:
        try:
            data = self.sock.recv(_FIRST)
            if not data:
                raise LineClosedError("the upstream closed the connection")
            answer.feed(data)
        except BlockingIOError:
            return
        except OSError as error:
            self.fail(LineClosedError(str(error)))
        except (LineClosedError, NoAnswerError) as error:
            self.fail(error)
        else:
            if answer.complete and self._ready is not None:
                _wake(self._ready)
            return
        # Level-triggered: what cannot be read must not call us for ever.
        self._loop.remove_reader(self.fd)
        self._watched = False


def _wake(ready: "Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)
