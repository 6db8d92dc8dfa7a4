"""What a configuration says and leaves out, seen by somebody who wants his pictures protected."""

import os
from collections.abc import Iterator
from pathlib import Path

from guardware.config.checks import warnings
from guardware.config.schema import Config
from guardware.doctor.finding import Finding, fault, ok, warning
from guardware.errors import ConfigError
from guardware.secrets import KEYS_FILE, configured_masters, state_folder

TOPIC = "configuration"


def configuration_findings(config: Config, name: str | None) -> Iterator[Finding]:
    """``name``: the file it is from, None for the mere defaults."""
    if name is None:
        yield warning(
            TOPIC,
            "There is no guardware.yaml in this folder, so the defaults are looked at.",
            "Say which file your guard uses: guardware doctor --config FILE, or write one: guardware init",
        )
    else:
        yield ok(TOPIC, f"{name} can be read.")
    if config.mode == "monitor":
        yield warning(
            TOPIC,
            "The mode is monitor: everything is written down, and NOTHING is protected.",
            "When you have seen enough, write into guardware.yaml: mode: enforce",
        )
    else:
        watched = [name for name, part in config.hosts.items() if part.mode == "monitor"]
        where = f", but not those of {', '.join(watched)}" if watched else ""
        yield ok(TOPIC, f"The mode is enforce: pictures are protected{where}.")
    if not config.site.contact:
        yield warning(
            TOPIC,
            "Nobody who wants a licence learns how to reach you.",
            "Write into guardware.yaml:",
            "",
            "site:",
            "  contact: you@example.com",
        )
    for line in warnings(config):
        key, _, text = line.partition(": ")
        what, _, mend = text.partition("; ")
        yield warning(TOPIC, f"{key} {what}.", mend)
    yield from _folder(config)
    yield from _secret(config)


def _folder(config: Config) -> Iterator[Finding]:
    folder = state_folder(config)
    if folder is None:
        yield warning(
            TOPIC,
            "Nothing is kept on the disk, so marked copies cannot be traced after a restart.",
            "Write into guardware.yaml:",
            "",
            "store:",
            "  folder: /var/lib/guardware",
        )
        return
    # Not by writing to it: the doctor may run as root, and a folder of root's would shut the guard out.
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        yield ok(TOPIC, f"The folder {folder} can be written to.")
    else:
        yield fault(
            TOPIC,
            f"The folder {folder} cannot be written to by the user who runs this command.",
            f"Give it to the user who runs guardware: chown that-user {there}",
            "(Nothing is wrong if that is another user than the one who runs the doctor.)",
        )


def _secret(config: Config) -> Iterator[Finding]:
    try:
        given = configured_masters(config)
    except ConfigError as error:
        for line in error.faults:
            what, _, mend = line.partition("; ")
            yield fault(TOPIC, f"The secret cannot be used: {what}.", mend)
        return
    folder = state_folder(config)
    if given:
        yield ok(TOPIC, "The secret is your own and outlives a restart.")
    elif folder is not None and _is_there(folder / KEYS_FILE):
        yield ok(TOPIC, f"The secret lies in {folder / KEYS_FILE} and outlives a restart.")
    elif folder is not None:
        yield ok(TOPIC, f"There is no secret yet; the guard makes one when it starts, in {folder / KEYS_FILE}.")
    else:
        yield warning(
            TOPIC,
            "The secret is made up anew at each start, so marks in copies given out before cannot be read.",
            "Make one with: openssl rand -hex 32, and give it to the guard as GUARDWARE_SECRET",
        )


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
