#!/usr/bin/env bash
# A single-node OpenStack Swift (Debian's python3-swift) for integration tests, on
# 127.0.0.1 only: one replica, tempauth (v1 auth), the usual middlewares, and s3api,
# so that the same server speaks S3 too. With --keystone, a Keystone v3 (python3-keystone,
# sqlite) runs beside it: password and application-credential auth with a catalog.
#
#   swift.sh start DIR [PORT] [--keystone [KPORT]]   installs what is missing, starts, prints the facts
#   swift.sh sweep DIR           runs the expirer and the updaters once (X-Delete-At, account totals)
#   swift.sh stop DIR [--keep]   ends what start started; removes DIR's content, or keeps it
#
# DIR must be new, empty, or an earlier DIR (whose objects are then served again), on a
# filesystem with user xattrs: ext4, xfs, or tmpfs from Linux 6.6 on (fastest: /dev/shm).
# PORT .. PORT+5 are used (without PORT: some free ones; without KPORT: PORT+5). Environment:
# SWIFT_REGION (us-east-1), SWIFT_MAX_FILE_SIZE (bytes, 5 GiB), SWIFT_TOKEN_SECONDS (86400).
#
# Prints KEY=VALUE lines: see `facts` and, for --keystone, keystone.sh. With --keystone the
# accounts AUTH_* are Keystone's, and tempauth's are named TEMP_*. The users test:writer (key writing) and test:reader
# (key reading) may do only what a container's ACL says.
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/common.sh"
. "$here/keystone.sh"

node=(/usr/bin/python3 -B "$here/swift_node.py")

write_configs() {
  local kind offset=0 common
  common="bind_ip = 127.0.0.1
workers = 0
user = $(id -un)
swift_dir = $CONF
devices = $DIR/data
mount_check = false
recon_cache_path = $DIR/logs
disable_fallocate = true
fallocate_reserve = 0
db_preallocation = off"
  cat >"$CONF/swift.conf" <<CONF
[swift-hash]
swift_hash_path_prefix = test
swift_hash_path_suffix = test
[swift-constraints]
max_file_size = ${SWIFT_MAX_FILE_SIZE:-5368709122}
CONF
  for kind in account container object; do
    offset=$((offset + 1))
    cat >"$CONF/$kind.conf" <<CONF
[DEFAULT]
$common
bind_port = $((PORT + offset))
[pipeline:main]
pipeline = healthcheck $kind-server
[app:$kind-server]
use = egg:swift#$kind
[filter:healthcheck]
use = egg:swift#healthcheck
[$kind-updater]
CONF
  done
  cat >"$CONF/proxy.conf" <<CONF
[DEFAULT]
$common
bind_port = $PORT
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy_logging cache listing_formats bulk tempurl s3api ${KPORT:+authtoken s3token keystoneauth} tempauth copy container_quotas account_quotas slo dlo versioned_writes symlink proxy_logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
# On a busy machine an answer may take long; there is no other node to ask, and one that is thought ill is avoided for a minute (503).
node_timeout = 60
recoverable_node_timeout = 60
conn_timeout = 30
error_suppression_limit = 1000000
# tempauth keeps its tokens in memcached: where that is slow for 2 s, as on a busy machine, Swift would forget them (401).
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$((PORT + 4))
connect_timeout = 30
pool_timeout = 60
io_timeout = 60
[filter:tempauth]
use = egg:swift#tempauth
reseller_prefix = $ACCOUNT_PREFIX
token_life = ${SWIFT_TOKEN_SECONDS:-86400}
user_test_tester = testing .admin
user_test_writer = writing
user_test_reader = reading
user_test2_tester2 = testing2 .admin
[filter:s3api]
use = egg:swift#s3api
location = $REGION
[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_versioned_writes = true
allow_object_versioning = true
CONF
  for kind in catch_errors gatekeeper healthcheck proxy_logging listing_formats bulk tempurl copy \
    container_quotas account_quotas slo dlo symlink; do
    printf '[filter:%s]\nuse = egg:swift#%s\n' "$kind" "$kind"
  done >>"$CONF/proxy.conf"
  [[ ! $KPORT ]] || keystone_filters >>"$CONF/proxy.conf"
  cat >"$CONF/expirer.conf" <<CONF
[DEFAULT]
$common
[pipeline:main]
pipeline = catch_errors cache proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$((PORT + 4))
[filter:catch_errors]
use = egg:swift#catch_errors
[object-expirer]
CONF
}

facts() {
  cat <<FACTS
PORT=$PORT
ST_AUTH=http://127.0.0.1:$PORT/auth/v1.0
ST_USER=test:tester
ST_KEY=testing
STORAGE_URL=http://127.0.0.1:$PORT/v1/${ACCOUNT_PREFIX}_test
S3_ENDPOINT=http://127.0.0.1:$PORT
S3_REGION=$REGION
AWS_ACCESS_KEY_ID=test:tester
AWS_SECRET_ACCESS_KEY=testing
FACTS
  [[ ! $KPORT ]] || keystone_facts
}

start() {
  local offset kind
  [[ ${1:-} ]] || fail "usage: start DIR [PORT] [--keystone [KPORT]]"
  open_dir "$@"
  shift
  PORT='' KPORT='' REGION=${SWIFT_REGION:-us-east-1} ACCOUNT_PREFIX=AUTH CONF=$DIR/conf
  while (($#)); do
    case $1 in
      --keystone) KPORT=${2:-auto}; shift $(($# > 1 ? 2 : 1)) ;;
      *) PORT=$1; shift ;;
    esac
  done
  PORT=$(choose_ports "$PORT" 6)
  if [[ $KPORT ]]; then
    if [[ $KPORT == auto ]]; then KPORT=$((PORT + 5)); fi
    port_free "$KPORT" || fail "port $KPORT is not free"
    ACCOUNT_PREFIX=TEMP
  fi
  need_packages python3-swift memcached curl ${KPORT:+python3-keystone}
  mkdir -p "$CONF" "$DIR/data/d1"
  /usr/bin/python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.test", b"1")' "$DIR/data/d1" ||
    fail "$DIR is on a filesystem without user xattrs"
  write_configs
  spawn memcached memcached -l 127.0.0.1 -p $((PORT + 4)) -U 0 -m 64 -u "$(id -un)"
  "${node[@]}" rings "$CONF" "$PORT"
  for kind in account container object proxy; do
    spawn "$kind" "${node[@]}" "$kind" "$CONF"
  done
  [[ ! $KPORT ]] || keystone_start
  for offset in 1 2 3 0; do
    wait_for 60 "port $((PORT + offset))" curl -sf "http://127.0.0.1:$((PORT + offset))/healthcheck"
  done
  [[ ! $KPORT ]] || wait_for 120 "Keystone" curl -sf "http://127.0.0.1:$KPORT/v3"
  facts >"$DIR/facts.new"
  mv "$DIR/facts.new" "$DIR/facts"
  cat "$DIR/facts"
}

# The expirer finds its queue only once the container updater has told the account of it;
# the second pass of that updater brings the account's totals up to date.
sweep() {
  local kind
  [[ -e ${1:-}/facts ]] || fail "nothing runs in '${1:-}'"
  for kind in container expirer container; do
    timeout 60 "${node[@]}" once "$kind" "$1/conf" >>"$1/logs/sweep.log" 2>&1 ||
      fail "sweep failed: see $1/logs/sweep.log"
  done
}

case ${1:-} in
  start) start "${@:2}" ;;
  stop) stop_dir "${@:2}" ;;
  sweep) sweep "${2:-}" ;;
  *) fail "usage: start DIR [PORT] [--keystone [KPORT]] | sweep DIR | stop DIR [--keep]" ;;
esac
