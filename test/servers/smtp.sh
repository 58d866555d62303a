#!/usr/bin/env bash
# A mail server (Debian's aiosmtpd) for tests, on 127.0.0.1: STARTTLS, and AUTH only over it. Mails are kept as files.
#
#   smtp.sh start DIR [PORT]      installs what is missing, starts, prints the facts
#   smtp.sh stop DIR [--keep]     ends what start started; removes DIR's content, or keeps it
#
# Prints KEY=VALUE lines: SMTP_PORT SMTP_USER SMTP_PASSWORD SMTP_MAILS (a folder of mails, each with its envelope above it).
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"

start() {
  need_packages python3-aiosmtpd
  local port
  open_dir "$@"
  port=$(choose_ports "${2:-}" 1)
  mkdir -p "$DIR/mails"
  if [[ ! -e $DIR/password ]]; then
    (umask 077 && od -An -tx1 -N12 /dev/urandom | tr -d ' \n' >"$DIR/password")
  fi
  spawn smtp /usr/bin/python3 "$here/smtp_node.py" "$port" "$DIR/mails" "$DIR/password" "$here/../fixtures/tls/localhost"
  wait_for 20 'the mail server' port_taken "$port"
  tee "$DIR/facts" <<FACTS
SMTP_PORT=$port
SMTP_USER=holdfast
SMTP_PASSWORD=$(cat "$DIR/password")
SMTP_MAILS=$DIR/mails
FACTS
}

port_taken() { ! port_free "$1"; }

case ${1:-} in
  start) shift; start "$@" ;;
  stop) shift; stop_dir "$@" ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
