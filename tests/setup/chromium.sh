#!/bin/sh
# See to it that there is a Chromium for the browser tests. Without one the tests marked `browser` are skipped, except
# under CI=true, where nothing is skipped and this script fails instead.
set -u
cd "$(dirname "$0")/../.." || exit 2

on_path() {
    for name in chromium chromium-browser google-chrome; do
        command -v "$name" >/dev/null 2>&1 && return
    done
    return 1
}

from_apt() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    echo "Installing Chromium with apt-get" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2 && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >&2 && on_path
}

from_playwright() { .venv/bin/playwright install chromium >&2; }

on_path || from_apt || from_playwright && exit 0

echo "No Chromium for the browser tests. Install it so that it is on PATH as chromium, chromium-browser or" >&2
echo "google-chrome (Debian: apt-get install chromium fonts-dejavu-core; macOS and others:" >&2
echo ".venv/bin/playwright install chromium)." >&2
[ "${CI:-}" != true ]
