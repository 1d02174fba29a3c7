#!/bin/sh
# Replays every capture of H.323 calls that lies in $POSTERN_DATA, or in ../shared/data beside the source tree; called by
# make check.
here=$(dirname "$0")
POSTERN_MODULEDIR=${POSTERN_MODULEDIR:-$(pwd)/modules}
export POSTERN_MODULEDIR
data=${POSTERN_DATA:-$here/../../../shared/data}/h323
if ! ls "$data"/captures/*.pcap >/dev/null 2>&1; then
	echo "skipped: no captures in $data/captures (set POSTERN_DATA)"
	exit 77
fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
[ ! -f "$data/real/messages.txt" ] || "$here/real_call" "$data/real/messages.txt" "$made/real-call.pcap"
set -- "$@" "$data"/captures/*.pcap
[ ! -f "$made/real-call.pcap" ] || set -- "$@" "$made/real-call.pcap"
tests/replay/replay "$@"
