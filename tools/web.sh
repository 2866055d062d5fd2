#!/bin/sh
# The page in web/, for people and for tests.
#
#   tools/web.sh build      dist/page.html from the sources
#   tools/web.sh check      types, lint, unit tests
#   tools/web.sh same       is the committed dist/page.html made of these sources?
#   tools/web.sh browser    the page in Chromium
#
# Exit code 77 (a skipped test) where Node, Chromium or the packages are missing: tools/setup.sh web.
set -eu
cd "$(dirname "$0")/../web"

need() {
  command -v "$1" >/dev/null || { echo "SKIPPED: no $1 (tools/setup.sh web)"; exit 77; }
}
need node
[ -d node_modules ] || { echo "SKIPPED: no web/node_modules (tools/setup.sh web)"; exit 77; }

case ${1:-} in
  build) npm run --silent build ;;
  check) npm run --silent check ;;
  same)
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    npx vite build --outDir "$made" --emptyOutDir --logLevel warn
    cmp "$made/page.html" dist/page.html || {
      echo "dist/page.html is not what these sources make: run tools/web.sh build and commit it"
      exit 1
    } ;;
  browser)
    [ -x "${CHROMIUM:-/usr/bin/chromium}" ] || { echo "SKIPPED: no Chromium (tools/setup.sh web)"; exit 77; }
    npm run --silent browser ;;
  *) sed -n '2,9p' "$0"; exit 2 ;;
esac
