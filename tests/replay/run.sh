#!/bin/sh
# Replays every capture of H.323 calls that lies in $POSTERN_DATA, or in ../shared/data beside the source tree; called by
# make check.
POSTERN_MODULEDIR=${POSTERN_MODULEDIR:-$(pwd)/modules}
export POSTERN_MODULEDIR
captures=${POSTERN_DATA:-$(dirname "$0")/../../../shared/data}/h323/captures
if ! ls "$captures"/*.pcap >/dev/null 2>&1; then
	echo "skipped: no captures in $captures (set POSTERN_DATA)"
	exit 77
fi
exec tests/replay/replay "$@" "$captures"/*.pcap
