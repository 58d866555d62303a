#!/bin/sh
# Other OpenPGP programs (rsop, sq, sqop) for tests, from Debian 13, unpacked and not installed.
#
#   openpgp-tools.sh start DIR    makes DIR/bin/{rsop,sq,sqop} and prints OPENPGP_TOOLS=DIR/bin
#   openpgp-tools.sh stop DIR     nothing runs, so nothing stops; DIR stays as a cache
#
# They need a newer libc than Debian 12 has, so the wrappers start them with the loader and libraries unpacked beside them.
# Tests look for them in $HOLDFAST_OPENPGP_TOOLS, then in $PATH.
set -eu

MIRROR=${HOLDFAST_DEBIAN_MIRROR:-http://deb.debian.org/debian}
SUITE=trixie
PROGRAMS='rsop sq sqop'
PACKAGES="$PROGRAMS libc6 libgcc-s1 libnettle8t64 libhogweed6t64 libgmp10 libsqlite3-0 libbz2-1.0 libssl3t64 libzstd1 zlib1g"

case $(dpkg --print-architecture 2>/dev/null || uname -m) in
  amd64 | x86_64) ARCH=amd64 TRIPLET=x86_64-linux-gnu LOADER=ld-linux-x86-64.so.2 ;;
  arm64 | aarch64) ARCH=arm64 TRIPLET=aarch64-linux-gnu LOADER=ld-linux-aarch64.so.1 ;;
  *) echo "openpgp-tools.sh: neither amd64 nor arm64" >&2; exit 1 ;;
esac

fetch() { # URL FILE
  curl --fail --silent --show-error --location --retry 3 --output "$2" "$1"
}

# Prints "SHA256 FILENAME" of a package in the Packages file on stdin; the first wins.
locate() {
  awk -v want="$1" '
    /^Package: / { here = ($2 == want) }
    here && /^Filename: / { file = $2 }
    here && /^SHA256: / { print $2, file; exit }'
}

unpack() { # DIR
  work=$1/download.$$
  mkdir -p "$work"
  trap 'rm -rf "$work"' EXIT
  fetch "$MIRROR/dists/$SUITE/main/binary-$ARCH/Packages.xz" "$work/Packages.xz"
  xz -dc "$work/Packages.xz" >"$work/Packages"
  for package in $PACKAGES; do
    set -- "$1" $(locate "$package" <"$work/Packages")
    [ $# -eq 3 ] || { echo "openpgp-tools.sh: no package $package in $SUITE" >&2; exit 1; }
    fetch "$MIRROR/$3" "$work/$package.deb"
    echo "$2  $work/$package.deb" | sha256sum --check --quiet
    dpkg-deb -x "$work/$package.deb" "$work/root"
    rm "$work/$package.deb"
    set -- "$1"
  done
  rm -rf "$1/root" "$1/bin"
  mv "$work/root" "$1/root"
  mkdir "$1/bin"
  for program in $PROGRAMS; do
    cat >"$1/bin/$program" <<WRAPPER
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/../root
exec "\$root/usr/lib/$TRIPLET/$LOADER" --library-path "\$root/usr/lib/$TRIPLET" "\$root/usr/bin/$program" "\$@"
WRAPPER
    chmod 755 "$1/bin/$program"
    case $program in sq) "$1/bin/sq" version ;; *) "$1/bin/$program" version ;; esac >/dev/null 2>&1 ||
      { echo "openpgp-tools.sh: $1/bin/$program does not run" >&2; exit 1; }
  done
  touch "$1/complete" # Last: what lacks it is unpacked anew.
}

[ $# -eq 2 ] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
case $1 in
  start)
    mkdir -p "$2"
    dir=$(cd "$2" && pwd)
    [ -e "$dir/complete" ] || unpack "$dir"
    echo "OPENPGP_TOOLS=$dir/bin"
    ;;
  stop) ;;
  *) echo "openpgp-tools.sh: start or stop, not $1" >&2; exit 2 ;;
esac
