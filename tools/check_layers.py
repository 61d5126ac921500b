#!/usr/bin/env python3
"""Fails if a file includes upwards, is too long, or holds a function that is.

The order of the layers is read from CMakeLists.txt, so it is written once.
"""
import itertools
import pathlib
import re
import sys

MAX_FILE = 500
MAX_FUNCTION = 60
ROOT = pathlib.Path("src/terrazzo")


def layers():
    """{layer: every layer it may include}, from the terrazzo_layer() calls."""
    allowed = {}
    calls = re.findall(r"^terrazzo_layer\((.*?)\)", pathlib.Path("CMakeLists.txt").read_text(), re.M | re.S)
    for call in calls:
        name, *words = call.split()
        needs = words[words.index("NEEDS") + 1:] if "NEEDS" in words else []
        needs = list(itertools.takewhile(lambda word: word not in ("LINKS", "PRIVATE"), needs))
        allowed[name] = {name}.union(*(allowed[n] for n in needs))
    return allowed


def long_functions(text):
    """(line, length) of each top-level brace block that is over the limit."""
    start = depth = None
    for number, line in enumerate(text.splitlines(), 1):
        if start is None and re.match(r"^[A-Za-z].*\)( const)?( noexcept)?( override)? \{$", line):
            start = number
        elif start is not None and line == "}":
            if number - start + 1 > MAX_FUNCTION:
                yield start, number - start + 1
            start = None


def problems():
    allowed = layers()
    for path in sorted(ROOT.rglob("*.[hc]pp")):
        layer = path.relative_to(ROOT).parts[0]
        text = path.read_text()
        for included in re.findall(r'^#include "terrazzo/(\w+)/', text, re.M):
            if included not in allowed[layer]:
                yield f"{path}: layer '{layer}' may not include '{included}'"
        lines = text.count("\n")
        if lines > MAX_FILE:
            yield f"{path}: {lines} lines; the limit is {MAX_FILE}"
        for line, length in long_functions(text):
            yield f"{path}:{line}: a function of {length} lines; the limit is {MAX_FUNCTION}"


found = list(problems())
print("\n".join(found) or "layers and sizes are in order")
sys.exit(bool(found))
