#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# clauses.sh ROOT: every test that docs/conformance-virtio.md names exists.
set -euo pipefail
root=${1:?usage: clauses.sh ROOT}
table=$root/docs/conformance-virtio.md
status=0
rows=0
while IFS= read -r name; do
    rows=$((rows + 1))
    suite=${name%%.*} test=${name#*.}
    if ! grep -rqsE "^TEST(_F|_P)?\($suite, $test\)" "$root"/lib/*/test/; then
        echo "$table: there is no test $name; correct the name or write the test"
        status=1
    fi
done < <(sed -n 's/^| [0-9][^|]* |.*| \([A-Za-z]*\.[0-9A-Za-z_]*\) |$/\1/p' "$table")
if [ "$rows" -lt 60 ]; then
    echo "$table: only $rows rows name a test; has its form changed?"
    status=1
fi
echo "$rows clauses, each with its test"
exit "$status"
