"""Pictures for doubtful clients: variants, their placeholder, and answers with them."""

from guardware.images.media import PROTECTED_TYPES, picture_type
from guardware.images.pipeline import Variant
from guardware.images.ranges import answer_bytes
from guardware.images.variants import Stats, VariantMaker

__all__ = ["PROTECTED_TYPES", "Stats", "Variant", "VariantMaker", "answer_bytes", "picture_type"]
