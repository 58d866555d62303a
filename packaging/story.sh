#!/bin/sh
# The README's story with an installed Holdfast, on a machine of its own: scripts/package-check.sh runs it there, as root.
set -eu

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

# The exit code that a command must end with.
ends_with() {
  expected=$1
  shift
  status=0
  run "$@" || status=$?
  printf '[exit %s]\n' "$status"
  [ "$status" = "$expected" ]
}

run holdfast version
printf 'a passphrase for the story\n' >/root/pass
chmod 600 /root/pass
mkdir /root/client
cd /root/client
run holdfast keygen ops --passphrase-file /root/pass

cd /etc/holdfast
cp /root/client/ops.public.asc .
run holdfast init file:///srv/backups/app01 --recipient ops.public.asc
mkdir -p /srv/app
cp -a /etc /usr/share/common-licenses /srv/app/
head -c 3000000 /dev/urandom >/srv/app/data
printf 'sources: { app: { folder: /srv/app } }\n' >>holdfast.yaml
run holdfast config check
cd /
run holdfast backup
echo changed >>/srv/app/etc/motd
rm /srv/app/etc/issue
run holdfast backup app --tag after-change
run holdfast snapshots
run holdfast restore latest --repository /srv/backups/app01 --key /root/client/ops.private.asc --passphrase-file /root/pass --to /root/restored
run diff -r --no-dereference /srv/app /root/restored
run holdfast verify

pack=$(find /srv/backups/app01 -path '*/packs/*' -name '*.pgp' | sort | head -n 1)
cp "$pack" /root/pack
printf 'X' | dd of="$pack" bs=1 seek=100 conv=notrunc status=none
ends_with 4 holdfast verify
cp /root/pack "$pack"

# What S3 takes is loaded only there.
ends_with 13 env AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none HOLDFAST_RETRY_FOR=1s \
  holdfast snapshots --repository 's3://backups/app01?region=none&endpoint=http://127.0.0.1:9'

run bash -c 'cd /usr/share/bash-completion/completions && . ./holdfast && COMP_WORDS=(holdfast ver) COMP_CWORD=1 && _holdfast && echo "${COMPREPLY[*]}"' | grep -x 'verify version'
gzip -dc /usr/share/man/man1/holdfast-backup.1.gz | grep -q '^.TH HOLDFAST'
