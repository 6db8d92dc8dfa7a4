"""The shape of the ``forward_auth`` section: what a front does in guardware's place."""

from pydantic import Field

from guardware.config.section import Section


class ForwardAuth(Section):
    """What a front in ``clients.trusted_proxies`` does in guardware's place."""

    accel: str = Field(
        "",
        pattern=r"^(/[A-Za-z0-9._/-]*[A-Za-z0-9._-]/)?$",
        description="A location of nginx's, such as /.originals/, from which it sends originals itself when told "
        "so by X-Accel-Redirect; for a folder of pictures.",
    )
