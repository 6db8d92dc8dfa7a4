"""Certificates for tests, made by openssl and signed by themselves."""

import subprocess
from pathlib import Path


def certificate(folder: Path, name: str, *, password: str = "") -> tuple[str, str]:
    """The paths of a new certificate for localhost and 127.0.0.1, named ``name``, and of its key."""
    cert, key = str(folder / f"{name}.pem"), str(folder / f"{name}.key")
    secret = ["-passout", f"pass:{password}"] if password else ["-nodes"]
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 2 -subj /CN={name}"
        f" -addext subjectAltName=IP:127.0.0.1,DNS:localhost -out {cert} -keyout {key}".split()
        + secret,
        check=True,
        capture_output=True,
    )
    return cert, key
