#!/usr/bin/env bash
# Installs the programs the tests drive where they are missing, from Debian's packages. Does nothing when all are there.
# With "leak", also those of the leak range; with "bench-proxy", that of the proxy benchmark. The tests start their own
# servers; no service is left running.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

# program:package, where they have different names
programs=(redis-server nginx haproxy caddy apache2 chromium firefox-esr curl wget openssl exiftool:libimage-exiftool-perl)
[ "${1:-}" = leak ] && programs+=(httrack node:nodejs)
[ "${1:-}" = bench-proxy ] && programs+=(wrk)
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

# Debian's packages start their servers as services; whoever had none before does not want one now.
for service in redis-server nginx haproxy caddy apache2; do
    case " ${missing[*]} " in
        *" $service "*)
            if [ -d /run/systemd/system ]; then
                "${as_root[@]}" systemctl disable --now "$service" >&2 || say "could not stop the service $service"
            fi
            ;;
    esac
done
