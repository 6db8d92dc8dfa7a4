"""guardware keeps an artist's pictures out of AI training sets.

>>> from guardware import GuardMiddleware
>>> app.add_middleware(GuardMiddleware)                          # doctest: +SKIP
>>> app.add_middleware(GuardMiddleware, config="guardware.yaml") # doctest: +SKIP
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guardware.config.schema import Config as Config
    from guardware.errors import ConfigError as ConfigError
    from guardware.errors import GuardwareError as GuardwareError
    from guardware.guard import Guard as Guard
    from guardware.middleware import GuardMiddleware as GuardMiddleware
    from guardware.verdict import Action as Action
    from guardware.verdict import Evidence as Evidence
    from guardware.verdict import Verdict as Verdict

_FACE = {
    "Action": "guardware.verdict",
    "Config": "guardware.config.schema",
    "ConfigError": "guardware.errors",
    "Evidence": "guardware.verdict",
    "Guard": "guardware.guard",
    "GuardMiddleware": "guardware.middleware",
    "GuardwareError": "guardware.errors",
    "Verdict": "guardware.verdict",
}
__all__ = list(_FACE)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for (PEP 562), so that ``guardware --help`` stays quick."""
    if name not in _FACE:
        raise AttributeError(f"module 'guardware' has no attribute {name!r}")
    return getattr(importlib.import_module(_FACE[name]), name)
