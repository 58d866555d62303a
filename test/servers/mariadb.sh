#!/usr/bin/env bash
# A MariaDB server (Debian's) for tests, on 127.0.0.1 and a socket in DIR, run by the system user mysql, with a binary log.
#
#   mariadb.sh start DIR [PORT]     installs what is missing, starts, prints the facts
#   mariadb.sh stop DIR [--keep]    ends what start started; removes DIR's content, or keeps it
#
# Prints KEY=VALUE lines: MYSQL_HOST MYSQL_PORT MYSQL_USER MYSQL_PASSWORD of an administrator, SOCKET (a file).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

start() {
  need_packages mariadb-server mariadb-client
  local port password user=() mine=()
  open_dir "$@"
  port=$(choose_ports "${2:-}" 1)
  chmod 755 "$DIR"
  if ((EUID == 0)); then user=(--user=mysql) mine=(-o mysql -g mysql); fi
  install -d -m 755 "${mine[@]}" "$DIR/socket" "$DIR/tmp"
  if [[ ! -e $DIR/data/mysql ]]; then
    password=$(od -An -tx1 -N12 /dev/urandom | tr -d ' \n')
    (umask 077 && echo "$password" >"$DIR/password")
    install -d -m 700 "${mine[@]}" "$DIR/data"
    mariadb-install-db --no-defaults "${user[@]}" --datadir="$DIR/data" --skip-name-resolve --skip-test-db --auth-root-authentication-method=normal \
      >"$DIR/logs/install.log" 2>&1 || { tail -5 "$DIR/logs/install.log" >&2; fail 'mariadb-install-db failed'; }
  fi
  # One statement a line.
  (umask 077 && cat >"$DIR/data/init.sql") <<SQL
CREATE USER IF NOT EXISTS admin@127.0.0.1 IDENTIFIED BY '$(cat "$DIR/password")';
GRANT ALL ON *.* TO admin@127.0.0.1 WITH GRANT OPTION;
DELETE FROM mysql.global_priv WHERE host NOT IN ('localhost', '127.0.0.1');
FLUSH PRIVILEGES;
SQL
  if ((EUID == 0)); then chown mysql: "$DIR/data/init.sql"; fi
  spawn mariadb mariadbd --no-defaults "${user[@]}" --datadir="$DIR/data" --tmpdir="$DIR/tmp" --bind-address=127.0.0.1 --port="$port" \
    --socket="$DIR/socket/mariadb.sock" --pid-file="$DIR/socket/mariadb.pid" --log-bin="$DIR/data/binlog" --server-id=1 --gtid-strict-mode=1 \
    --init-file="$DIR/data/init.sql" --skip-name-resolve --innodb-flush-log-at-trx-commit=0 --innodb-buffer-pool-size=64M --performance-schema=off \
    --character-set-server=utf8mb4 --max-allowed-packet=64M
  wait_for 60 MariaDB mariadb-admin --no-defaults --socket="$DIR/socket/mariadb.sock" --user=root ping
  tee "$DIR/facts" <<FACTS
MYSQL_HOST=127.0.0.1
MYSQL_PORT=$port
MYSQL_USER=admin
MYSQL_PASSWORD=$(cat "$DIR/password")
SOCKET=$DIR/socket/mariadb.sock
FACTS
}

case ${1:-} in
  start) shift; start "$@" ;;
  stop) shift; stop_dir "$@" ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
