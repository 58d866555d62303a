#!/usr/bin/env bash
# A Redis server (Debian's) for tests, on 127.0.0.1, run by the system user redis, with a password.
#
#   redis.sh start DIR [PORT]     installs what is missing, starts, prints the facts
#   redis.sh stop DIR [--keep]    ends what start started; removes DIR's content, or keeps it
#
# Prints KEY=VALUE lines: REDIS_HOST REDIS_PORT REDIS_PASSWORD.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

start() {
  need_packages redis-server redis-tools
  local port as=()
  open_dir "$@"
  port=$(choose_ports "${2:-}" 1)
  chmod 755 "$DIR"
  install -d -m 700 "$DIR/data"
  if [[ ! -e $DIR/password ]]; then
    (umask 077 && od -An -tx1 -N12 /dev/urandom | tr -d ' \n' >"$DIR/password")
  fi
  (umask 077 && cat >"$DIR/data/redis.conf") <<CONF
bind 127.0.0.1
port $port
dir $DIR/data
save ""
requirepass $(cat "$DIR/password")
repl-diskless-sync yes
repl-diskless-sync-delay 0
CONF
  if ((EUID == 0)); then
    chown -R redis: "$DIR/data"
    as=(setpriv --reuid=redis --regid=redis --init-groups)
  fi
  spawn redis "${as[@]}" redis-server "$DIR/data/redis.conf"
  wait_for 20 Redis port_taken "$port"
  tee "$DIR/facts" <<FACTS
REDIS_HOST=127.0.0.1
REDIS_PORT=$port
REDIS_PASSWORD=$(cat "$DIR/password")
FACTS
}

port_taken() { ! port_free "$1"; }

case ${1:-} in
  start) shift; start "$@" ;;
  stop) shift; stop_dir "$@" ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
