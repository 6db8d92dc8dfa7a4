#!/usr/bin/env bash
# Creates a virtual environment if it is missing and installs into it with exact versions.
# Usage: PYTHON=python3 scripts/make-venv.sh DIR CONSTRAINTS PIP-INSTALL-ARGUMENT...
set -euo pipefail

python=${PYTHON:-python3}
venv=$1
constraints=$2
shift 2

say() { printf '%s\n' "$*" >&2; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    say "guardware needs Python 3.11 or newer; '$python' is older or missing."
    say "Name another one: make PYTHON=python3.12 ..."
    exit 1
fi

if [ ! -x "$venv/bin/pip" ]; then
    say "creating $venv"
    if ! "$python" -m venv "$venv"; then
        say "'$python -m venv' failed. On Debian and Ubuntu: apt-get install python3-venv"
        exit 1
    fi
fi

say "installing into $venv: $*"
# --group (the dependency groups of pyproject.toml) needs pip 25.1; Python 3.11 brings an older one.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -c "$constraints" --upgrade pip
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -c "$constraints" "$@"
