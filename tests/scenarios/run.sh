#!/bin/sh
# Plays every scenario of every module with the modules of this build; called by make check.
here=$(dirname "$0")
POSTERN_MODULEDIR=${POSTERN_MODULEDIR:-$(pwd)/modules}
export POSTERN_MODULEDIR
exec tests/scenarios/play "$@" "$here"
