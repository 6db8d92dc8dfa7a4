"""What a guard does not need at its start, it does not load."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from guardware import GuardMiddleware
GuardMiddleware(None, {"store": {"folder": "none"}})
sys.exit(NAME in sys.modules)
"""


@pytest.mark.parametrize("library", ["redis", "aiohttp", "uvicorn"])
def test_libraries_that_cost_a_start_a_tenth_of_a_second_wait_until_they_are_needed(library: str) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM.replace("NAME", repr(library))], check=False)
    assert done.returncode == 0
