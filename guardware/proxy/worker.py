"""A worker: ``python -m guardware.proxy.worker JOB``, started by ``workers.Supervisor``."""

import asyncio
import json
import logging
import signal
import socket
import sys
from contextlib import suppress

from guardware.errors import GuardwareError
from guardware.proxy.child import DONE, READY, RELOAD
from guardware.proxy.listen import Listener
from guardware.proxy.operation import Operation, Setup, set_up_logging
from guardware.proxy.settings import allow_files

logger = logging.getLogger("guardware.workers")


class _Line:
    """The line to the supervisor: says what it is to hear, and does what it says."""

    def __init__(self, number: int) -> None:
        self._line = socket.socket(fileno=number)
        self._line.set_inheritable(False)
        self._line.setblocking(False)

    def say(self, word: bytes) -> None:
        with suppress(OSError):
            self._line.send(word)

    def follow(self, operation: Operation) -> None:
        """Listen, on the running event loop."""
        asyncio.get_running_loop().add_reader(self._line, self._hear, operation)

    def _hear(self, operation: Operation) -> None:
        try:
            said = self._line.recv(64)
        except OSError:
            said = b""
        if not said:
            logger.error("the process that watches over this worker is gone; it stops too")
            asyncio.get_running_loop().remove_reader(self._line)
            operation.server.stop()
        elif RELOAD in said:
            operation.reloader.ask()


def main(job: str) -> int:
    """Serve as ``job`` says until told to stop; the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal; the supervisor tells us
    set_up_logging(several=True)
    told = json.loads(job)
    line = _Line(told["line"])
    sockets = [Listener(fileno=number) for number in told["sockets"]]
    for opened in sockets:
        opened.set_inheritable(False)
    setup = Setup(*told["setup"])
    try:
        config = setup.config()
        allow_files(config.server.max_connections)
        operation = Operation(setup, config, ready=lambda: line.say(READY), after=lambda: line.say(DONE))
        operation.run(sockets, lambda: line.follow(operation))
    except (GuardwareError, OSError, ValueError) as error:
        logger.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
