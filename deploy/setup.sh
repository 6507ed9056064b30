#!/bin/sh
# All set-up of a clone, told as it happens. Called by the Makefile:
#   deploy/setup.sh python    a virtual environment in .venv with everything in requirements.txt (hashes checked)
#   deploy/setup.sh test      the system packages of `make test`    (NO_APT=1: list them and stop)
#   deploy/setup.sh judges    the system packages of `make judges`  (NO_APT=1: list them and stop)
# It takes packages from wherever this machine is set up to take them, and names no source itself.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .cache
missing=''
hands=''
megabytes=0

say() { printf '%s\n' "$*"; }
stop() { printf '%s\n' "$*" >&2; exit 3; }
root() { [ "$(id -u)" = 0 ]; }
any_command() { for name; do command -v "$name" >/dev/null && return; done; return 1; }
any_file() { for name; do [ -e "$name" ] && return; done; return 1; }

# needs PACKAGE MEGABYTES PURPOSE TEST...: one line of the list; the test says whether it is there.
needs() {
    package=$1 size=$2 purpose=$3 state=there
    shift 3
    "$@" || { state=missing; missing="$missing $package" megabytes=$((megabytes + size)); }
    printf '  %-26s %4s MB  %-8s %s\n' "$package" "$size" "$state" "$purpose"
}

# by_hand WHAT PURPOSE TEST...: the same for what distributions have only in releases that are too old.
by_hand() {
    what=$1 purpose=$2 state=there
    shift 2
    "$@" || { state=missing; hands="$what"; }
    printf '  %-26s %4s    %-8s %s\n' "$what" '' "$state" "$purpose"
}

for_test() {
    needs chromium-headless-shell 300 'browser tests' any_command chromium-headless-shell chromium chromium-browser google-chrome
    needs poppler-utils 30 'pdfsig: a second opinion on our seals' any_command pdfsig
    needs qpdf 8 'qpdf --check on sealed files' any_command qpdf
    needs softhsm2 2 'private keys in an HSM (PKCS#11)' any_file /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so
    needs openssl 3 'openssl ocsp, ts and verify on our PKI' any_command openssl
    needs fonts-noto-cjk 91 'Chinese on pages in browser tests' any_file /usr/share/fonts/opentype/noto/NotoSansCJK*
    needs fonts-hanazono 52 'rare characters in names' any_file /usr/share/fonts/truetype/hanazono/*
}

for_judges() {
    needs openjdk-17-jdk-headless 265 'runs veraPDF and EU DSS (any JDK from 17 on)' any_command javac
    needs maven 60 'brings both, pinned in tests/judges/pom.xml and dss/pom.xml' any_command mvn
    needs mupdf-tools 46 'mutool: a third reader of our seals' any_command mutool
    needs poppler-utils 30 'pdfsig: a second one' any_command pdfsig
    needs qpdf 8 'qpdf --check on sealed files' any_command qpdf
    needs nodejs 130 'runs openid-client (any Node from 18 on)' any_command node
    needs npm 60 'brings openid-client, pinned in tests/judges/node' any_command npm
    needs apache2 8 'a site that people sign in to by us' any_command apache2 /usr/sbin/apache2
    needs libapache2-mod-auth-openidc 2 'the same: Apache as a relying party' any_file /usr/lib/apache2/modules/mod_auth_openidc.so
    by_hand 'Go, 1.25 or newer' 'builds zlint, pinned in tests/judges/tools.py' go_is_new
}

go_is_new() {
    command -v go >/dev/null && go version | sed -n 's/.* go\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | {
        read -r major minor && { [ "$major" -gt 1 ] || [ "$minor" -ge 25 ]; }
    }
}

system() {
    say "System packages of \`make $1\` (name for apt, size on disk with what it brings):"
    "for_$1"
    [ -z "$missing" ] || packages
    [ -z "$hands" ] || stop "$hands is missing, and apt has only older ones: install it as its makers describe and put it on the PATH, then try again."
}

packages() {
    say "To install:$missing (about $megabytes MB)"
    # shellcheck disable=SC2086 # the list is words
    set -- $missing
    [ -z "${NO_APT:-}" ] || stop 'NO_APT is set, so nothing is installed.'
    command -v apt-get >/dev/null || stop "No apt-get here. Please install what these Debian packages hold, then try again: $*"
    root || stop "Not root. Please run this, then try again:  sudo apt-get install --no-install-recommends $*"
    apt_install "$@"
}

apt_install() {
    apt_once "$@" || { say 'apt-get failed, one more try in 10 seconds'; sleep 10; apt_once "$@"; } || {
        tail -n 15 .cache/apt.log >&2
        stop "apt-get could not install: $* (all it said: .cache/apt.log)"
    }
}

apt_once() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q -o DPkg::Lock::Timeout=120 >.cache/apt.log 2>&1 &&
        apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" >>.cache/apt.log 2>&1
}

# The first Python from 3.11 on that is found; $PYTHON wins.
find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        command -v "$name" >/dev/null || continue
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$name"; return; }
    done
    stop 'No Python from 3.11 on was found. Install one (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv) or set PYTHON=/path/to/python'
}

environment() {
    found=$(find_python)
    if [ ! -x .venv/bin/python ]; then
        say "Making .venv with $("$found" --version)"
        if ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
            package=$("$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
            root && command -v apt-get >/dev/null || stop "This Python cannot make virtual environments. Please run:  sudo apt-get install $package"
            say "It lacks venv and pip: installing $package"
            apt_install "$package"
        fi
        "$found" -m venv .venv
    fi
    .venv/bin/python -c 'import pip' 2>/dev/null || .venv/bin/python -m ensurepip >/dev/null
    say 'Installing the packages of requirements.txt into .venv (about 650 MB on disk; the first time takes a minute or two)'
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
    touch .venv/ready
}

case ${1:-} in
    python) environment ;;
    test | judges) system "$1" ;;
    *) sed -n 's/^# \{0,1\}//; 2,6p' "$0"; exit 2 ;;
esac
