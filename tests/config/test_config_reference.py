"""docs/configuration.md is what the schema says."""

import subprocess
import sys
from pathlib import Path

from guardware.config.fields import fields_of, section_in, sections

ROOT = Path(__file__).parent.parent.parent
REFERENCE = ROOT / "docs" / "configuration.md"


def test_the_reference_is_current() -> None:
    script = ROOT / "scripts" / "config_reference.py"
    done = subprocess.run([sys.executable, script, "--check"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"run: python scripts/config_reference.py\n{done.stderr}"


def test_every_key_has_a_meaning() -> None:
    for path, section in sections():
        for key, info in fields_of(section).items():
            # A section says what it means in its own docstring.
            assert info.description or section_in(info.annotation), (path, key)
    assert "| None |" not in REFERENCE.read_text("utf-8")
