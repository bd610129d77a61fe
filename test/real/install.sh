#!/bin/sh
# Brings the real servers of test/real from Debian when they are missing. Their packages would start system services:
# a policy file, ours for as long as this runs, forbids it. The tests start their own instances with their own files.
set -eu

missing=''
for package in nginx-light microsocks dante-server tinyproxy squid python3-doc; do
  status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "These Debian packages are missing:$missing. Install them, or run this as root." >&2
  exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' INT TERM HUP
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet --quiet
# shellcheck disable=SC2086 # a list of words
apt-get install --quiet --yes --no-install-recommends -o Dpkg::Use-Pty=0 $missing
