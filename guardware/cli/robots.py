"""``guardware robots``: print the robots.txt that would be served."""

import click

from guardware import config as configuration
from guardware.config.hosts import normal_host
from guardware.crawlers.catalogue import Catalogue
from guardware.notices import Notices, refused_tokens
from guardware.notices.owner import origin, usable_base
from guardware.notices.robots import PATH
from guardware.secrets import state_folder

_ANY_SITE = "https://example.com"


def _base(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not usable_base(value):
        raise click.BadParameter(f"{value!r} is not scheme and host; write for example https://example.com")
    return value


def _host(name: str) -> str:
    try:
        return normal_host(name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--host") from None


def _site_of(host: str | None) -> str:
    return _ANY_SITE if host is None or host.startswith("*.") else f"https://{_host(host)}"


@click.command(name="robots")
@click.option(
    "--config", "path", metavar="FILE", help="The configuration; default: ./guardware.yaml if it exists."
)
@click.option("--host", metavar="NAME", help="The site of this host, where the configuration has several.")
@click.option("--url", callback=_base, help="Where visitors find the site; default: site.url, else example.com.")
def command(path: str | None, host: str | None, url: str | None) -> None:
    """Print the robots.txt that would be served.

    If your site has a robots.txt of its own, guardware merges it with this one when it serves.
    """
    config = configuration.load(path)
    if host is not None:
        config = config.of_host(_host(host))
    notices = Notices(
        config.notices, config.site, refused_tokens(Catalogue.load(state_folder(config)), config.crawlers)
    )
    if PATH not in notices.paths:
        raise click.ClickException("notices.robots_txt is off, so none is served; set it to true to have one")
    answer = notices.file(PATH, url or origin(config.site) or _site_of(host))
    click.echo(answer.body.decode("ascii"), nl=False)
