#!/usr/bin/env bash
# Looks for known holes in what we import. Its database is on the network; where
# that is out of reach, this says so and passes.
set -euo pipefail

db=${GOVULNDB:-https://vuln.go.dev}
case "$db" in
  http*)
    if ! timeout 10 node -e 'fetch(process.argv[1]).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))' "$db/index/modules.json"; then
      echo "vulncheck: NOT RUN, $db is out of reach from here" >&2
      exit 0
    fi
    ;;
esac
exec go tool -modfile=tools/go.mod govulncheck -db "$db" ./...
