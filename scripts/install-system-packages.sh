#!/usr/bin/env bash
# Installs the programs the tests drive where they are missing, from Debian's packages. Does nothing when all are there.
# The tests start their own Redis; no service is left running.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

# program:package, where they have different names
programs=(redis-server chromium firefox-esr curl wget openssl exiftool:libimage-exiftool-perl)
missing=()
for entry in "${programs[@]}"; do
    command -v "${entry%%:*}" >/dev/null || missing+=("${entry##*:}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    say "The tests need: ${missing[*]}. There is no apt-get here: install them with this system's package manager."
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        say "The tests need: ${missing[*]}. As root: apt-get install ${missing[*]}"
        exit 1
    fi
    as_root=(sudo)
fi

say "installing: ${missing[*]}"
apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2
}
apt update
apt install --yes --no-install-recommends "${missing[@]}"

# Debian's package starts Redis as a service; whoever had no redis-server before does not want one now.
case " ${missing[*]} " in
    *" redis-server "*)
        if [ -d /run/systemd/system ]; then
            "${as_root[@]}" systemctl disable --now redis-server >&2 || say "could not stop the redis-server service"
        fi
        ;;
esac
