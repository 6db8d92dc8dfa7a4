"""The cost of a user-agent never seen before, which a scraper that randomises its own makes us pay each time."""

from collections.abc import Iterator
from functools import partial
from random import Random

from benchmarks.timing import Job
from guardware.crawlers import Catalogue

UNSEEN = "user-agent never seen, catalogue match"

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko)"

# Chrome, Firefox, Safari, an in-app browser, a crawler that says so, a tool; the numbers are drawn.
_SHAPES = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Chrome/{{a}}.0.{{b}}.{{c}} Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:{a}.0) Gecko/20100101 Firefox/{a}.{c}",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10) AppleWebKit/605.1.{c} (KHTML, like Gecko) Version/{a} Safari/60",
    f"Mozilla/5.0 (Linux; Android 14; SM-S{{b}}B Build/UP1A.{{c}}; wv) {_CHROME} Version/4.0 "
    "Chrome/{a}.0.{b}.{c} Mobile Safari/537.36 Instagram {a}.0.0.{c}.109 Android",
    f"Mozilla/5.0 {_CHROME}; compatible; GPTBot/{{a}}.{{b}}; +https://openai.com/gptbot)",
    "python-requests/2.{a}.{c}",
)


class UnseenUserAgents:
    """``Catalogue.match`` on strings that all differ. Each call is awaited like the others of its run."""

    name = UNSEEN

    def __init__(self) -> None:
        self._catalogue = Catalogue.load()
        self._random = Random(20260101)

    def jobs(self, start: int, count: int) -> Iterator[Job]:
        for number in range(start, start + count):
            shape = _SHAPES[number % len(_SHAPES)]
            yield partial(self._match, shape.format(a=self._number(), b=self._number(), c=self._number()))

    def verify(self) -> None:
        """The crawler and the tool are found, the browsers are not."""
        found = [self._catalogue.match(shape) is not None for shape in _SHAPES]
        if found != [False, False, False, False, True, True]:
            raise AssertionError(f"the catalogue matched {found}")

    def _number(self) -> int:
        return self._random.randrange(100, 10_000)

    async def _match(self, text: str) -> None:
        self._catalogue.match(text)
