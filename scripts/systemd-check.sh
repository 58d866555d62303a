#!/usr/bin/env bash
# Boots a fresh Debian 12 with its own systemd as process 1 of namespaces of its own, installs the .deb there, and lets a timer of
# "holdfast schedule install --systemd" fire. As root, with debootstrap and cgroup v2; it takes some minutes, so .ci/run leaves it out.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d /var/tmp/holdfast-systemd-XXXXXX)
root=$work/root
cgroups=$(findmnt --noheadings --first-only --types cgroup2 --output TARGET)
group=$cgroups/holdfast-systemd-$$
init=
finish() {
  [ -z "$init" ] || kill -KILL "$init" 2>/dev/null || true
  [ -z "${booting:-}" ] || wait "$booting" 2>/dev/null || true
  find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || true
  rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Run in new namespaces, over the new root.
boot() {
  set -e
  mount --bind "$1" "$1"
  cd "$1"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs tmpfs tmp
  mount -t tmpfs -o mode=755 tmpfs dev
  for device in null zero full random urandom tty; do cp -a "/dev/$device" dev/; done
  mkdir dev/pts dev/shm
  mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
  mount -t tmpfs tmpfs dev/shm
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  mkdir -p .old
  pivot_root . .old
  cd /
  umount -l /.old
  mount --make-rshared / # As systemd expects it: credentials get to services by that.
  exec env -i container=holdfast PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system --log-target=journal
}

inside() {
  nsenter --target "$init" --mount --uts --ipc --net --pid --root \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb /bin/sh -c 'cd / && exec "$@"' sh "$@"
}

wait_for() { # SECONDS COMMAND…
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || { printf 'Waited in vain for: %s\n' "$*" >&2; return 1; }
    sleep 1
  done
}

npm run --silent pack:deb -- --output "$work"
debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus bookworm "$root" "${MIRROR:-http://deb.debian.org/debian}" >"$work/debootstrap.log" 2>&1
cp "$work"/holdfast_*.deb "$root/root/holdfast.deb"
echo app01 >"$root/etc/hostname"

mkdir "$group"
(
  echo "$BASHPID" >"$group/cgroup.procs"
  export -f boot
  exec unshare --mount --propagation private --uts --ipc --pid --net --cgroup --fork --kill-child \
    bash -c 'boot "$@"' bash "$root"
) &
booting=$!
wait_for 60 pgrep --parent "$booting" --full '^/lib/systemd/systemd '
init=$(pgrep --parent "$booting" --full '^/lib/systemd/systemd ')
wait_for 120 inside systemctl is-active timers.target

inside dpkg --install /root/holdfast.deb
cat >"$root/root/set-up.sh" <<'SH'
set -eu
mkdir -p /root/client /srv/app
echo content >/srv/app/file
holdfast keygen ops --no-passphrase --output /root/client
cd /etc/holdfast
cp /root/client/ops.public.asc .
holdfast init file:///srv/backups/app01 --recipient ops.public.asc
(umask 077 && echo 'PLACE=/srv/app' >environment)
at=$(date -d '+2 minutes' '+%-M %-H')
cat >>holdfast.yaml <<YAML
sources: { app: { folder: "\${env:PLACE}" } }
schedule: { backup: "$at * * *", jitter: 0s }
YAML
holdfast schedule install --systemd --yes --environment /etc/holdfast/environment
systemctl is-enabled holdfast-backup.timer
systemctl list-timers --no-pager 'holdfast-*'
SH
inside /bin/sh /root/set-up.sh

printf '\n── the timer fires\n'
wait_for 300 inside /bin/sh -c 'journalctl --unit holdfast-backup.service | grep -q "Finished holdfast-backup.service"'
inside journalctl --no-pager --output short --unit holdfast-backup.service
inside env PLACE=/srv/app holdfast snapshots
inside env PLACE=/srv/app holdfast doctor

printf '\n── and is taken away again\n'
inside env PLACE=/srv/app holdfast schedule remove --yes
! inside systemctl is-enabled holdfast-backup.timer
