#!/bin/sh
# Make .venv, or bring it up to date, with the versions of constraints.txt.
#   venv.sh runtime   what the program needs
#   venv.sh dev       that, and what its development needs
# Leaves a stamp file, .venv/.runtime or .venv/.dev, by which make knows that nothing is left to do.
set -eu
cd "$(dirname "$0")/../.."

case "${1:-}" in
    runtime) package=. stamps=.venv/.runtime ;;
    dev) package='.[dev]' stamps='.venv/.runtime .venv/.dev' ;;
    *) echo "usage: venv.sh runtime|dev" >&2 && exit 2 ;;
esac

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
can_make_venv() { "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; }

# Sets `python` to the first that will do. A name on PATH may be a shim that cannot run, so each is tried.
find_python() {
    without_venv=
    for python in python3.14 python3.13 python3.12 python3.11 python3; do
        new_enough "$python" || continue
        can_make_venv "$python" && return
        without_venv=${without_venv:-$python}
    done
    if [ -n "$without_venv" ]; then
        version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$without_venv cannot make virtual environments: its venv or ensurepip module is missing." >&2
        echo "Install it (Debian, Ubuntu: apt-get install python$version-venv), then run make again." >&2
    else
        echo "No Python 3.11 or newer found: looked for python3.14 … python3.11 and python3." >&2
        echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python;" >&2
        echo "Fedora: dnf install python3), then run make again." >&2
    fi
    exit 1
}

if ! { new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
    find_python
    echo "Making .venv with $("$python" --version)" >&2
    "$python" -m venv --clear .venv
fi

# Environment variables rather than options, so that they reach the environment in which the package is built: older
# pip reads the first there, newer pip the second. Relative, because pip splits the value at spaces.
export PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
echo "Installing newsletter and its $1 dependencies into .venv" >&2
if ! .venv/bin/python -m pip install -qq --disable-pip-version-check -e "$package"; then
    echo "Installing failed: pip's message is above. If it could not download something, see to the network first." >&2
    exit 1
fi
# shellcheck disable=SC2086  # two words are two files
touch $stamps
