#!/bin/sh
# Installs what a build of qualm needs and prints nothing when all of it is there.
#
#   tools/setup.sh          compiler, CMake, the libraries of docs/dependencies.md, libllama
#   tools/setup.sh dev      also clang-format, clang-tidy, the JSON Schema validator
#   tools/setup.sh fuzz     also clang with libFuzzer
#   tools/setup.sh web      also Node, Chromium and the packages of the page in web/
#   tools/setup.sh peers    also llama.cpp's own tools, for bench/ and the differential tests
#   tools/setup.sh vulkan   also Mesa's Vulkan driver for the CPU, for the tests with a device
#
# Where it sees a GPU it brings ggml's Vulkan backend too; the driver is the system's.
#
# Only apt needs root. libllama comes from the distribution where it has one (Debian 14 and later).
# On an older Debian a private apt brings it into a folder of its own: nothing of the system
# changes, apt resolves and verifies as ever, and cmake/QualmLlama.cmake finds the folder.
set -eu

want=${1:-build}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/qualm
sysroots=$cache/sysroot

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "installing packages needs root: run as root, or install sudo, then again"
  fi
}

packages="g++ cmake ninja-build ccache make pkg-config libcli11-dev nlohmann-json3-dev libfmt-dev
  libsqlite3-dev libmicrohttpd-dev libcurl4-openssl-dev libxxhash-dev libgtest-dev libgmock-dev libbenchmark-dev"
case $want in
  build | vulkan) ;;
  dev) packages="$packages clang-format-14 clang-tidy-19 python3-jsonschema" ;;
  fuzz) packages="$packages clang-19 libclang-rt-19-dev" ;;
  peers) packages="$packages python3 python3-numpy time" ;;
  web)
    # Node may come from elsewhere; Debian's npm brings hundreds of packages.
    node=$(node --version 2>/dev/null | sed 's/^v//; s/\..*//')
    [ "${node:-0}" -ge 18 ] && command -v npm >/dev/null || packages="$packages nodejs npm"
    packages="$packages chromium fonts-dejavu-core" ;;
  *) die "unknown set '$want': expected build, dev, fuzz, web, peers or vulkan" ;;
esac

install_packages() {
  command -v apt-get >/dev/null || {
    say "no apt-get here: install by hand what docs/dependencies.md lists"
    return 0
  }
  missing=
  # shellcheck disable=SC2086  # the list is meant to split
  for package in $packages; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -q '^installed$' ||
      missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  say "apt-get install$missing"
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@" >/dev/null' sh $missing
}

# For the GPU that is seen here, if there is one.
gpu_backend() {
  for device in /dev/dri/renderD* /dev/nvidia0; do
    [ ! -e "$device" ] || { echo libggml0-backend-vulkan; return; }
  done
}

# The distribution's own libllama, wanted in a version whose interface we know.
install_system_libllama() {
  candidate=$(apt-cache policy libllama-dev 2>/dev/null | sed -n 's/^ *Candidate: *//p')
  [ -n "$candidate" ] && [ "$candidate" != "(none)" ] || return 1
  dpkg --compare-versions "$candidate" ge 0.7 || return 1
  packages="libllama-dev $(gpu_backend)"
  install_packages
}

# Where this machine already gets Debian from; no address of our own.
debian_mirror() {
  apt-get indextargets --format '$(SITE)' | sort -u | grep -E '/debian/?$' | head -n 1
}

# $1: name of the folder's symlink, rest: packages. Leaves $sysroots/<versions>, linked as $1.
make_sysroot() {
  link=$sysroots/$1
  shift
  # One that was made before a GPU was there lacks its backend.
  case " $* " in
    *-vulkan*) ls "$link"/usr/lib/*/ggml/backends0/libggml-vulkan.so >/dev/null 2>&1 && return 0 ;;
    *) [ ! -e "$link/usr/lib" ] || return 0 ;;
  esac
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "no Debian mirror in apt's sources: install libllama (>= 0.7) yourself and set CMAKE_PREFIX_PATH"
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [ -r "$keyring" ] || die "no $keyring: apt-get install debian-archive-keyring"

  say "libllama into $link"
  mkdir -p "$sysroots"
  work=$(mktemp -d "$sysroots/.making.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/sources" "$work/root"
  printf 'Types: deb\nURIs: %s\nSuites: forky\nComponents: main\nSigned-By: %s\n' \
    "$mirror" "$keyring" > "$work/sources/forky.sources"
  cat > "$work/apt.conf" <<CONF
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$work/sources";
Dir::Etc::preferencesparts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
APT::Sandbox::User "";
APT::Get::Assume-Yes "true";
Acquire::Languages "none";
CONF
  APT_CONFIG=$work/apt.conf apt-get update -qq
  APT_CONFIG=$work/apt.conf apt-get install -qq --download-only --no-install-recommends "$@" >/dev/null
  version=
  for archive in "$work"/cache/archives/*.deb; do
    dpkg -x "$archive" "$work/root"
    case $archive in
      */libllama0*_*|*/libggml0*_*) version=$version-$(basename "$archive" .deb | sed 's/_[a-z0-9]*$//; s/%3a/./g; s/:/./g') ;;
    esac
  done
  [ -e "$work/root/usr/lib" ] || die "apt brought no libraries"
  final=$sysroots/$(basename "$link")$version
  rm -rf "$final"
  mv "$work/root" "$final"
  ln -sfn "$final" "$link"
  rm -rf "$work"
  trap - EXIT
}

install_packages
command -v apt-get >/dev/null || exit 0
# shellcheck disable=SC2046  # none or one
install_system_libllama || make_sysroot current libllama-dev libggml0-backend-rpc $(gpu_backend)
if [ "$want" = vulkan ]; then
  make_sysroot vulkan libggml0-backend-rpc libggml0-backend-vulkan mesa-vulkan-drivers
fi
if [ "$want" = web ]; then
  page=$(dirname "$0")/../web
  if [ ! -e "$page/node_modules/.made" ] || [ "$page/package-lock.json" -nt "$page/node_modules/.made" ]; then
    say "npm ci in web/"
    (cd "$page" && npm ci --silent --no-audit --no-fund && touch node_modules/.made)
  fi
fi
if [ "$want" = peers ]; then
  make_sysroot peers libllama-dev libggml0-backend-rpc llama.cpp-tools llama.cpp-tools-extra python3-gguf
  # A program started through a loader looks for ggml's backends beside that loader.
  for lib in "$sysroots"/peers/usr/lib/*/; do
    [ ! -d "$lib/ggml/backends0" ] || ln -sf "$lib"ggml/backends0/*.so "$lib"
  done
fi
