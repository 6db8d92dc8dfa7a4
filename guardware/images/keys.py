"""By which keys finished variants are kept: the same in every process of one configuration and one keyring."""

from collections.abc import Mapping

from guardware.images.pipeline import Secrets
from guardware.images.recipe import Recipe
from guardware.keys import key_id

FOLDER = "variants"
"""Within ``store.folder``."""


class VariantKeys:
    """The keys for the variants in ``recipes``, by name, made with ``secrets``."""

    def __init__(self, recipes: Mapping[str, Recipe], secrets: Secrets) -> None:
        made_with = b"".join(key_id(key).encode() for key in secrets)
        self._digests = {name: recipe.digest() + made_with for name, recipe in recipes.items()}

    def key(self, picture: bytes, variant: str, letters: str) -> bytes:
        """The key of ``variant`` for the original with the SHA-256 ``picture``.

        ``letters``: the formats that the client is offered, as ``recipes.offers`` gives them. Raises KeyError for
        a name that is in no recipe.
        """
        return picture + self._digests[variant] + letters.encode("ascii")
