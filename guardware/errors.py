"""Every error that guardware raises on purpose, as one tree.

::

    GuardwareError              the root: catch this to catch them all
    ├── ConfigError             a configuration that cannot be used; carries every fault found
    ├── StoreError              the store did not answer, or not in time
    ├── BrokenAnswerError       the upstream's answer broke off in its body; the connection must be cut
    ├── MissingExtraError       an optional dependency is not installed; names the extra to install
    ├── ListError               a list from the net cannot be had or cannot be right (crawlers/published.py)
    ├── RefusalError            why a signature is not verified; stays within crawlers/web_bot_auth
    ├── WorkerDied              a worker process ended in mid-work (images/crew.py)
    └── JobError                what a worker process was asked to do raised (images/crew.py)
"""


class GuardwareError(Exception):
    """The root of the tree."""


class ConfigError(GuardwareError):
    """A configuration that cannot be used. ``faults`` has one line for each fault, place and mend included."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class StoreError(GuardwareError):
    """The store did not answer, not in time, or with nonsense."""


class BrokenAnswerError(GuardwareError):
    """The upstream's answer broke off in its body. Part of it has gone out, so the connection must be cut."""


class MissingExtraError(GuardwareError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed; install it with: pip install 'guardware[{extra}]', "
            f"or in a clone of guardware: pip install '.[{extra}]'"
        )
