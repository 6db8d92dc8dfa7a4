"""Whether the notices reach visitors: the files, and the headers on pages and pictures."""

from collections.abc import Callable, Iterator, Mapping

from guardware.config.schema import Config
from guardware.crawlers.catalogue import Catalogue
from guardware.doctor.client import Client, Reply, UnreachableError
from guardware.doctor.finding import Finding, fault, ok, warning
from guardware.notices import Notices, ai_txt, refused_tokens, robots, rsl, tdmrep
from guardware.notices.headers import NOAI
from guardware.secrets import state_folder

TOPIC = "notices"

_OURS = b"Text and data mining of this site is reserved"
"""In the first line of guardware's robots.txt."""

_RIGHT: Mapping[str, Callable[[bytes], bool]] = {
    robots.PATH: lambda body: _OURS in body,
    ai_txt.PATH: ai_txt.accepts_own,
    tdmrep.PATH: tdmrep.accepts_own,
    rsl.PATH: rsl.accepts_own,
}
"""How each file is known."""


def notices_of(config: Config) -> Notices:
    """The notices that ``config`` states."""
    refused = refused_tokens(Catalogue.load(state_folder(config)), config.crawlers)
    return Notices(config.notices, config.site, refused)


async def file_findings(client: Client, base: str, notices: Notices) -> list[Finding]:
    """Asks for each notice file, as a crawler that is refused would."""
    findings = []
    for path in sorted(notices.paths):
        try:
            findings.append(_file(path, await client.as_agent("GPTBot", base + path)))
        except UnreachableError as error:
            findings.append(
                fault(TOPIC, f"A crawler that is refused gets no {path}: {error}.", *_to_guardware(path))
            )
    return findings


def header_findings(what: str, reply: Reply, notices: Notices, base: str) -> Iterator[Finding]:
    """Whether ``reply``, to ``what`` (such as "the start page"), carries its notices, and nothing undoes them."""
    wanted = [
        (name.decode(), value.decode("latin-1"))
        for name, value in notices.headers(reply.first("content-type").encode("latin-1"), base)
        if name != b"link"  # its host is the one that guardware knows the site by, which another finding is about
    ]
    if not wanted:
        return
    missing = [f"{name}: {value}" for name, value in wanted if not _has(reply, name, value)]
    if not missing:
        yield ok(TOPIC, f"{what} says no to AI in {len(wanted)} headers.")
    elif len(missing) == len(wanted):
        yield fault(
            TOPIC,
            f"{what} carries none of the headers that say no to AI: guardware does not stand before it.",
            "Let the server in front send all requests to guardware",
        )
    else:
        yield fault(
            TOPIC,
            f"{what} has lost on its way: {'; '.join(missing)}. The server in front or the CDN takes them out.",
            "Look there for rules that remove or replace these headers (nginx: proxy_hide_header; a CDN: its "
            "header rules), and take those away",
        )
    yield from _undone(what, reply, notices)


def _undone(what: str, reply: Reply, notices: Notices) -> Iterator[Finding]:
    tags = reply.all("x-robots-tag")
    noai = NOAI[1].decode()
    for tag in tags:
        reason = notices.cancelled_by(tag.encode("latin-1")) if tag != noai else None
        if reason is not None:
            sentence, _, mend = reason.partition(". ")
            yield warning(TOPIC, f"{what}: {sentence}.", mend)
    if noai in tags and tags[0] != noai:
        yield warning(
            TOPIC,
            f"{what}: another X-Robots-Tag ({tags[0]}) stands before guardware's, and some readers look at the "
            "first "
            "line only.",
            "Have nothing add such lines before guardware's",
        )


def _has(reply: Reply, name: str, value: str) -> bool:
    """Also folded into one line with others of its name, which proxies may do."""
    return any(value == line or f"{value}," in line or f", {value}" in line for line in reply.all(name))


def _file(path: str, reply: Reply) -> Finding:
    if reply.status == 200 and _RIGHT[path](reply.body):
        return ok(TOPIC, f"{path} is there, also for crawlers that are refused.")
    if reply.status == 200:
        return fault(
            TOPIC,
            f"{path} is there, but it is not guardware's: a server in front answers with a file of its own.",
            f"Let the server in front send {path} to guardware, which merges the site's own file into its own",
        )
    return fault(
        TOPIC,
        f"{path} answers {reply.status}. A crawler that gets no robots.txt takes everything as allowed."
        if path == robots.PATH
        else f"{path} answers {reply.status}, so it says no to nobody.",
        *_to_guardware(path),
    )


def _to_guardware(path: str) -> list[str]:
    return [f"Let the server in front send {path} to guardware, and let nothing else refuse it"]
