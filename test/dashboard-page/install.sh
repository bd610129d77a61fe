#!/bin/sh
# Brings the browser of test/dashboard-page from Debian when it is missing.
set -eu

browser=${CHROMIUM:-chromium}
command -v "$browser" >/dev/null && exit 0

if [ "$(id -u)" != 0 ]; then
  echo "There is no $browser. Install the Debian package chromium, name another by CHROMIUM, or run this as root." >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet --quiet
apt-get install --quiet --yes --no-install-recommends -o Dpkg::Use-Pty=0 chromium fonts-dejavu-core
