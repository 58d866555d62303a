#!/usr/bin/env bash
# A PostgreSQL server (Debian's) for tests, on 127.0.0.1 and a socket in DIR, run by the system user postgres.
#
#   postgres.sh start DIR [PORT]     installs what is missing, starts, prints the facts
#   postgres.sh stop DIR [--keep]    ends what start started; removes DIR's content, or keeps it
#
# Prints KEY=VALUE lines: PGHOST PGPORT PGUSER PGPASSWORD of a superuser, SOCKET (a folder; no password there for superusers), BIN.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

as_postgres() { if ((EUID == 0)); then (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"); else "$@"; fi; }

start() {
  need_packages postgresql postgresql-client
  local bin port password as=()
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  open_dir "$@"
  port=$(choose_ports "${2:-}" 1)
  chmod 755 "$DIR"
  if [[ ! -e $DIR/data/PG_VERSION ]]; then
    password=$(od -An -tx1 -N12 /dev/urandom | tr -d ' \n')
    rm -rf "$DIR/data"
    install -d -m 700 "$DIR/data"
    install -d -m 755 "$DIR/socket"
    (umask 077 && echo "$password" >"$DIR/password")
    if ((EUID == 0)); then chown postgres: "$DIR/data" "$DIR/socket" "$DIR/password"; fi
    as_postgres "$bin/initdb" --pgdata="$DIR/data" --username=postgres --pwfile="$DIR/password" --encoding=UTF8 --locale=C.UTF-8 \
      --auth-local=trust --auth-host=scram-sha-256 --no-sync >"$DIR/logs/initdb.log" 2>&1 || { tail -5 "$DIR/logs/initdb.log" >&2; fail 'initdb failed'; }
  fi
  if ((EUID == 0)); then as=(setpriv --reuid=postgres --regid=postgres --init-groups); fi
  spawn postgres "${as[@]}" "$bin/postgres" -D "$DIR/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$DIR/socket" \
    -c fsync=off -c full_page_writes=off -c max_connections=50 -c autovacuum=off -c shared_buffers=64MB
  wait_for 60 PostgreSQL "$bin/pg_isready" -q -h "$DIR/socket" -p "$port" -U postgres
  tee "$DIR/facts" <<FACTS
PGHOST=127.0.0.1
PGPORT=$port
PGUSER=postgres
PGPASSWORD=$(cat "$DIR/password")
SOCKET=$DIR/socket
BIN=$bin
FACTS
}

case ${1:-} in
  start) shift; start "$@" ;;
  stop) shift; stop_dir "$@" ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
