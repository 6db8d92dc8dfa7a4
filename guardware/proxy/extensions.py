"""The names under which this server and the applications behind it agree on more than ASGI knows."""

PATHSEND = "http.response.pathsend"
"""The ASGI extension by which an application names a file instead of sending its bytes."""

RELAY = "guardware.relay"
"""Our own: its value is the ``Cycle``, and the application may send ``RELAYED``."""

RELAYED = "guardware.response.relay"
"""A message whose ``body`` is a ``Relayed``; in place of all messages ``http.response.body``."""

TARGET = "guardware.target"
"""Our own: its value is the request's target in origin form, as it came. ASGI cannot tell ``/x?`` from ``/x``."""
