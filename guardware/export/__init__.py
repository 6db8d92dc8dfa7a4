"""Static rules for a server in front: who is refused by name, the notices, and the limits, as text to include."""

from guardware.export.material import Material, gather
from guardware.export.render import FRONTS, ExportedFile, render

__all__ = ["FRONTS", "ExportedFile", "Material", "gather", "render"]
