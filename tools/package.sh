#!/bin/sh
# Makes qualm-VERSION-MACHINE.tar.gz and the .deb in BUILD/package: the program, libllama, ggml's
# backends, the loader, every library they need, and the data. docs/install.md
#
#   tools/package.sh BUILD     (`make package`)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
build=$(cd "$1" && pwd)
version=$(sed -n 's/^project(qualm VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
cmake --build "$build" --target qualm qualm_launcher >/dev/null
out=$build/package
name=qualm-$version-$(uname -m)
tree=$out/$name
libs=$tree/lib/qualm
rm -rf "$out/$name"* "$out"/*.deb "$out/deb"
mkdir -p "$tree/bin" "$libs" "$tree/share/qualm" "$tree/share/doc/qualm/licences"

cp "$build/qualm_launcher" "$tree/bin/qualm"
cp "$build/qualm" "$libs/"
cp -R "$root/models" "$root/corpora" "$tree/share/qualm/"
cp "$root/LICENSE" "$tree/share/doc/qualm/copyright"

# What the program was linked with, and what that needs. The loader is a library of that list too.
loader=$(readelf -l "$build/qualm" | sed -n 's/.*interpreter: \(.*\)]/\1/p')
needed() { "$loader" "$@" | sed -n 's/.* => \(\/[^ ]*\) (.*/\1/p'; }
needed --list "$build/qualm" > "$out/needed"
ggml=$(dirname "$(grep '/libggml\.so' "$out/needed")")
for backend in "$ggml"/ggml/backends*/libggml-*.so; do
  [ -e "$backend" ] || continue  # built into libggml
  mkdir -p "$libs/backends"
  cp "$backend" "$libs/backends/"
  needed --library-path "$ggml" --list "$backend" >> "$out/needed"
done
printf '%s\n' "$loader" >> "$out/needed"
# The first of a name: what the program itself takes.
awk -F/ '!seen[$NF]++' "$out/needed" | while read -r lib; do
  cp -L "$lib" "$libs/"
  # Their licences, where Debian's packages have them: of the system, or of the folder of setup.sh.
  name_of=$(basename "$lib")
  for package in $(dpkg -S "*/$name_of" 2>/dev/null | sed 's/:.*//' | sort -u); do
    [ ! -e "/usr/share/doc/$package/copyright" ] ||
      cp -L "/usr/share/doc/$package/copyright" "$tree/share/doc/qualm/licences/$package"
  done
done
for copyright in "$ggml"/../../share/doc/lib*/copyright; do
  case $ggml in /usr/*) break ;; esac
  [ ! -e "$copyright" ] ||
    cp -L "$copyright" "$tree/share/doc/qualm/licences/$(basename "$(dirname "$copyright")")"
done
ln -s "$(basename "$loader")" "$libs/ld.so"
# The folders of this machine: all libraries are beside the program.
printf 'file(RPATH_REMOVE FILE "%s")\n' "$libs/qualm" > "$out/rpath.cmake"
cmake -P "$out/rpath.cmake"
strip "$libs/qualm" "$tree/bin/qualm"
chmod -R u=rwX,go=rX "$tree"

time=$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)
tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$time" \
  -czf "$tree.tar.gz" "$name"

# The .deb is the same tree in /usr/lib/qualm. It depends on no package.
command -v dpkg-deb >/dev/null || { echo "no dpkg-deb: no .deb" >&2; exit 0; }
deb=$out/deb
mkdir -p "$deb/DEBIAN" "$deb/usr/lib" "$deb/usr/bin" "$deb/usr/share/doc/qualm"
cp -R "$tree" "$deb/usr/lib/qualm"
ln -s ../lib/qualm/bin/qualm "$deb/usr/bin/qualm"
cp "$root/LICENSE" "$deb/usr/share/doc/qualm/copyright"
cat > "$deb/DEBIAN/control" <<CONTROL
Package: qualm
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: the authors of qualm <qualm@localhost>
Installed-Size: $(du -sk "$deb/usr" | cut -f1)
Section: science
Priority: optional
Description: finds out why a quantized language model got worse
 qualm compares a quantized model with the original, names the cause of the
 loss and measures the fix. This package has its own libllama and C library.
CONTROL
SOURCE_DATE_EPOCH=$time dpkg-deb -Zgzip -z6 --root-owner-group -b "$deb" "$out" >/dev/null
rm -rf "$deb" "$out/needed" "$out/rpath.cmake"
ls -sh "$tree.tar.gz" "$out"/*.deb
