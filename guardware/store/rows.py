"""Rows: how the memory store lays a record out in bytes.

::

    client   last touch | a score for each lasting group | pages | errors | rate |
             last number | run | walk | cookies | habits                                       50 bytes
             | counts of the hour and the day (windows.py)                 290 from the first picture on
    address  last admitted visit | visits | sums of the hour and the day |
             last number | pages | walk | tat of each kind                                     86
    network  last admitted visit | tat of each kind                                            40
"""

import struct

from guardware.store.protocol import LIMITED
from guardware.store.windows import SUMS
from guardware.verdict import LASTING

LAST = struct.Struct("<q")
"""When a record was last brought up to date, in microseconds; first in every row."""

HEAD = struct.Struct(f"<q{len(LASTING)}dfffdHHBB")
CLIENT = HEAD.size
"""A client's row until its first picture."""

TAT = struct.Struct("<q")
SLOTS = {kind: index * TAT.size for index, kind in enumerate(LIMITED)}
"""Where the tat of a kind stands, in bytes from the first."""

VISITED = struct.Struct("<qq")
HOME = struct.Struct(VISITED.format + SUMS.format[1:])
CONDUCT = struct.Struct("<dfH")
CONDUCT_AT = HOME.size
ADDRESS_TATS = CONDUCT_AT + CONDUCT.size
ADDRESS = ADDRESS_TATS + len(LIMITED) * TAT.size

NETWORK_TATS = LAST.size
NETWORK = NETWORK_TATS + len(LIMITED) * TAT.size
