"""Download programs, as their manuals show them."""

from benchmarks.leak.errand import CLIENTS_PYTHON, REPOSITORY, Errand
from benchmarks.leak.processes import run

_CHILDREN = REPOSITORY / "benchmarks" / "leak" / "children"
_PYTHON = str(CLIENTS_PYTHON)

_LOOP = 'while read -r url; do curl -sS --max-time 30 -o picture "$url"; done < "$1"'

_SERVER_ERROR = 8
"""wget's exit code when an answer was a refusal (wget(1), EXIT STATUS)."""


_HTTP_ERROR = 4
"""gallery-dl's, for the same (gallery_dl/exception.py, HttpError)."""


async def wget(errand: Errand) -> tuple[str, ...]:
    """The whole site, pictures included, whatever robots.txt says."""
    argv = ["wget", "-q", "-r", "-l", "inf", "-p", "-e", "robots=off", "--tries=1", "--timeout=30"]
    await run([*argv, errand.base + "/"], folder=errand.folder, limit=errand.limit, good=(0, _SERVER_ERROR))
    return ()


async def curl(errand: Errand) -> tuple[str, ...]:
    """A loop in the shell: a process for each picture."""
    argv = ["sh", "-c", _LOOP, "sh", str(errand.url_list())]
    await run(argv, folder=errand.folder, limit=errand.limit)
    return ()


async def scrapy(errand: Errand) -> tuple[str, ...]:
    """The overview pages one after another, their pictures through the images pipeline."""
    spider = str(_CHILDREN / "gallery_spider.py")
    argv = [_PYTHON, "-m", "scrapy", "runspider", spider, "-a", f"url={errand.base}/"]
    settings = ["-s", f"IMAGES_STORE={errand.folder}", "-s", "LOG_LEVEL=ERROR"]
    await run([*argv, *settings], folder=errand.folder, limit=errand.limit)
    return ()


async def httrack(errand: Errand) -> tuple[str, ...]:
    """The whole site, whatever robots.txt says; its brakes (a request a second, 0.1 MB/s) off."""
    argv = ["httrack", errand.base + "/", "-O", str(errand.folder), "-q", "-s0"]
    await run([*argv, "-%!", "-A0", "-c8", "-%c0"], folder=errand.folder, limit=errand.limit)
    return ()


async def gallery_dl(errand: Errand) -> tuple[str, ...]:
    """Direct links from a file."""
    argv = [_PYTHON, "-m", "gallery_dl", "--config-ignore", "-q", "-d", str(errand.folder), "-i"]
    await run([*argv, str(errand.url_list())], folder=errand.folder, limit=errand.limit, good=(0, _HTTP_ERROR))
    return ()


async def img2dataset(errand: Errand) -> tuple[str, ...]:
    """As it comes: it heeds X-Robots-Tag, but only after the picture is there."""
    await _img2dataset(errand)
    return ()


async def img2dataset_regardless(errand: Errand) -> tuple[str, ...]:
    """The same with its respect for opt-outs switched off."""
    await _img2dataset(errand, "--disallowed_header_directives=[]")
    return ()


async def _img2dataset(errand: Errand, *options: str) -> None:
    program = str(CLIENTS_PYTHON.with_name("img2dataset"))
    where = [f"--url_list={errand.url_list()}", f"--output_folder={errand.folder / 'out'}"]
    speed = ["--processes_count=1", "--thread_count=8", "--timeout=30"]
    await run([program, *where, *speed, *options], folder=errand.folder, limit=errand.limit)
