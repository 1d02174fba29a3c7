#!/bin/sh
# A leaking test must fail, or the leak detection of all the other tests proves nothing.
grep -q '^#define HAVE_SANITIZERS 1' config.h || { echo "no sanitizers in this build"; exit 77; }
if tests/unit/leaky; then
	echo "a test that leaks passed"
	exit 1
fi
