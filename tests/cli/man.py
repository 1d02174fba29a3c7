#!/usr/bin/env python3
"""The man pages: well formed, and complete.

  tests/cli/man.py [--build DIR] [NAME...]

Runs in the build directory (make check does). The last line is `N passed, N failed, N skipped`.
"""
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

sys.dont_write_bytecode = True
from cli import LIMIT_S, TOP, Skip, main, same    # noqa: E402

RNG = "{http://relaxng.org/ns/structure/1.0}"


def man(name):
    return os.path.join(TOP, "man", name)


def test_man_pages_are_clean(w):
    if not shutil.which("man"):
        raise Skip("no man")
    for name in ("posternd.8", "posternctl.8", "postern.xml.5", "postern-pinhole.1", "libpostern-pinhole.3"):
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", man(name)],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False,
                              env={**w.environment, "MANWIDTH": "80"})
        same((name, done.returncode, done.stderr), (name, 0, ""))


def test_man_page_names_all_of_the_schema(w):
    with open(man("postern.xml.5"), encoding="utf-8") as f:
        text = f.read()
    root = ET.parse(os.path.join(TOP, "etc/postern.rng")).getroot()
    named = [e.get("name") for kind in ("element", "attribute") for e in root.iter(RNG + kind)]
    assert len(named) > 60
    for name in filter(None, named):
        assert re.search(rf"^\.(It|Ss) .*\b{re.escape(name)}\b", text, re.M), f"{name} is not explained"


def test_man_pages_name_all_options(w):
    for program, page in (("posternd", "posternd.8"), ("posternctl", "posternctl.8"),
                          ("postern-pinhole", "postern-pinhole.1")):
        with open(man(page), encoding="utf-8") as f:
            text = f.read()
        usage = w.run(program, "-h").stdout
        for option in set(re.findall(r"(?<![\w-])--?([A-Za-z][\w-]*)", usage)):
            assert re.search(rf"Fl -?{option}\b", text), f"{page}: {option} is missing"


if __name__ == "__main__":
    sys.exit(main(globals()))
