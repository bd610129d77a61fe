#!/bin/sh
# Brings Prometheus and promtool of Debian when they are missing. The package would start a service, and needs none of what it
# depends on: it is unpacked into a cache and not installed. Prints where the programs are.
set -eu

if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
  dirname "$(command -v prometheus)"
  exit 0
fi

cache=${XDG_CACHE_HOME:-$HOME/.cache}/regatta/prometheus
if [ ! -x "$cache/usr/bin/promtool" ]; then
  rm -rf "$cache"
  mkdir -p "$cache"
  cd "$cache"
  # A machine whose lists are fresh need not fetch them again.
  apt-get download --quiet --quiet prometheus >/dev/null 2>&1 || {
    apt-get update --quiet --quiet >&2
    apt-get download --quiet --quiet prometheus >&2
  }
  dpkg -x prometheus_*.deb . >&2
  rm -f prometheus_*.deb
fi
echo "$cache/usr/bin"
