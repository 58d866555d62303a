#!/usr/bin/env bash
# Makes the packages, installs the .deb on a fresh Debian 12 and plays the README's story there, from the keys to a restore; then
# updates, removes and purges it. The tarball follows. As root, with debootstrap and a mirror of Debian (MIRROR).
set -euo pipefail
cd "$(dirname "$0")/.."

# The mirror that this machine uses, if it is Debian 12, too.
own=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Codename: bookworm' 2>/dev/null | head -n 1 || true)
MIRROR=${MIRROR:-${own:-http://deb.debian.org/debian}}
work=$(mktemp -d /var/tmp/holdfast-package-XXXXXX)
root=$work/root
finish() {
  kill "${making:-}" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A command in the new root: with an empty environment, and mounts that vanish with it.
inside() {
  unshare --mount --pid --fork --kill-child \
    sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env -i "$@"' "$root" "$@"
}

with_dpkg() { inside PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg "$@"; }

make_root() {
  debootstrap --variant=minbase bookworm "$root" "$MIRROR" >"$work/debootstrap.log" 2>&1 ||
    { rm -rf "$root" && debootstrap --variant=minbase bookworm "$root" "$MIRROR" >"$work/debootstrap.log" 2>&1; }
}

make_root &
making=$!
npm run --silent pack:deb -- --output "$work"
npm run --silent pack:tar -- --output "$work"
wait "$making" || { tail -n 5 "$work/debootstrap.log" >&2; exit 1; }
making=
deb=$(echo "$work"/holdfast_*.deb)
cp "$deb" "$work"/holdfast-*.tar.gz packaging/story.sh "$root/root/"

printf '\n── dpkg --install, on Debian %s with nothing but its base\n' "$(cat "$root/etc/debian_version")"
with_dpkg --install "/root/${deb##*/}"
inside /bin/sh /root/story.sh

printf '\n── installed again: the configuration stays\n'
before=$(sha256sum "$root/etc/holdfast/holdfast.yaml")
with_dpkg --install "/root/${deb##*/}" >/dev/null
[ "$before" = "$(sha256sum "$root/etc/holdfast/holdfast.yaml")" ]
[ "$(stat -c %a "$root/etc/holdfast" "$root/var/lib/holdfast" | xargs)" = '750 700' ]

printf '\n── removed and purged: backups and keys stay\n'
with_dpkg --purge holdfast
[ ! -e "$root/usr/lib/holdfast" ] && [ ! -e "$root/usr/bin/holdfast" ]
ls -d "$root"/etc/holdfast/holdfast.yaml "$root"/var/lib/holdfast/*/agent.private.asc "$root"/srv/backups/app01/holdfast.json | cut -c $((${#root} + 1))-

printf '\n── the tarball, in /usr/local\n'
inside /bin/sh -c 'tar -xzf /root/holdfast-*.tar.gz -C /usr/local --strip-components=1 && /usr/local/bin/holdfast version'
inside /usr/local/bin/holdfast verify
