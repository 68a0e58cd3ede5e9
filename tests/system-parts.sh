#!/bin/sh
# The system parts the tests drive for real: PostgreSQL, Chromium, and Kamailio with sipp, which makes calls through it.
# `make soak` sets clocks with faketime.
# As root on Debian they are installed; elsewhere this says what is missing, and those tests are skipped.
set -eu

missing=""
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
[ -x /usr/bin/chromium ] || missing="$missing chromium"
[ -x /usr/sbin/kamailio ] || missing="$missing kamailio"
# module FILE PACKAGE: each package of modules is known by one file of it.
module() { ls /usr/lib/*/kamailio/modules/"$1" >/dev/null 2>&1 || missing="$missing $2"; }
module jansson.so kamailio-extra-modules
module db_sqlite.so kamailio-sqlite-modules
module db_postgres.so kamailio-postgres-modules
module tls.so kamailio-tls-modules
command -v faketime >/dev/null 2>&1 || missing="$missing faketime"
command -v sipp >/dev/null 2>&1 || missing="$missing sip-tester"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086  # a list of package names
    apt-get install -y -qq --no-install-recommends $missing fonts-dejavu-core >/dev/null
else
    echo "Not installed:$missing. The tests that need them are skipped; install them with apt as root to run all."
fi
