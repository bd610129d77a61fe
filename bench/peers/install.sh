#!/bin/sh
# Installs the peers, each from its own manifest with pinned versions. Run again, it skips what is there. A peer that
# cannot be installed is named and left out; the benchmark says so in its table. Arguments: the peers that are wanted;
# none means all.
cd "$(dirname "$0")" || exit 1
missing=""
wanted=" $* "

attempt() {
  name=$1
  there=$2
  shift 2
  [ "$wanted" = "  " ] || [ "${wanted#* "$name" }" != "$wanted" ] || return
  if [ -e "$there" ]; then
    echo "$name: there"
    return
  fi
  echo "$name: installing"
  if ! ("$@") >"$name/install.log" 2>&1; then
    echo "$name: failed, see bench/peers/$name/install.log"
    missing="$missing $name"
  fi
}

npm_peer() {
  cd "$1" && npm ci --no-audit --no-fund
}

scrapy_peer() {
  cd scrapy && python3 -m venv .venv && .venv/bin/pip install --disable-pip-version-check -r requirements.txt
}

rust_peer() {
  cd "$1" && cargo build --release --locked
}

go_peer() {
  cd "$1" && go build -trimpath -o "target/peer-$1" .
}

# A program that changed is built again.
rebuild() {
  for source in $2; do
    [ "$source" -nt "$1" ] && rm -f "$1"
  done
}
for peer in scatter-proxy stygian-proxy; do
  rebuild "$peer/target/release/peer-$peer" "$peer/src/*.rs"
done
rebuild colly/target/peer-colly "colly/*.go"

attempt raw-undici raw-undici/node_modules/undici npm_peer raw-undici
attempt crawlee crawlee/node_modules/@crawlee/cheerio npm_peer crawlee
attempt scrapy scrapy/.venv/bin/scrapy scrapy_peer
PATH=$PATH:/usr/local/go/bin attempt colly colly/target/peer-colly go_peer colly
attempt scatter-proxy scatter-proxy/target/release/peer-scatter-proxy rust_peer scatter-proxy
attempt stygian-proxy stygian-proxy/target/release/peer-stygian-proxy rust_peer stygian-proxy
[ -z "$missing" ] || echo "Left out:$missing"
exit 0
