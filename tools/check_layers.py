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
OTHERS = ("apps", "bench", "tests", "web/src")  # sizes only


TYPE = re.compile(r" (template <.*?> )?(inline )?(namespace|struct|class|enum|union|extern)\b")


def layers():
    """{layer: every layer it may include}, from the terrazzo_layer() calls."""
    allowed = {}
    calls = re.findall(r"^terrazzo_layer\((.*?)\)", pathlib.Path("CMakeLists.txt").read_text(), re.M | re.S)
    for call in calls:
        name, *words = call.split()
        needs = words[words.index("NEEDS") + 1:] if "NEEDS" in words else []
        needs = list(itertools.takewhile(lambda word: word not in ("LINKS", "PRIVATE", "TESTS"), needs))
        allowed[name] = {name}.union(*(allowed[n] for n in needs))
    return allowed


def long_functions(text):
    """(line, length) of each function at namespace level that is over the limit."""
    first = opened = None  # line of the statement's first word; is its brace open?
    for number, line in enumerate(text.splitlines(), 1):
        if opened is None:
            if first is None and re.match(r"[A-Za-z_~]", line):
                first = number, ""
            if first:
                first = first[0], first[1] + " " + line
            if first and line.endswith("{"):
                if not TYPE.match(first[1]):
                    opened = first[0]
                first = None
            elif first and line.endswith((";", "}", ":")) or not line.strip():
                first = None
        elif line.startswith("}"):
            if number - opened + 1 > MAX_FUNCTION:
                yield opened, number - opened + 1
            opened = first = None


def source_files():
    for folder in (ROOT, *map(pathlib.Path, OTHERS)):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".cpp", ".hpp", ".py", ".ts", ".mjs") and path.is_file():
                yield path


def problems():
    allowed = layers()
    for path in sorted(ROOT.rglob("*.[hc]pp")):
        layer = path.relative_to(ROOT).parts[0]
        text = path.read_text()
        for included in re.findall(r'^#include "terrazzo/(\w+)/', text, re.M):
            if included not in allowed[layer]:
                yield f"{path}: layer '{layer}' may not include '{included}'"
    for path in source_files():
        text = path.read_text()
        lines = text.count("\n")
        if lines > MAX_FILE:
            yield f"{path}: {lines} lines; the limit is {MAX_FILE}"
        if path.suffix in (".cpp", ".hpp"):
            for line, length in long_functions(text):
                yield f"{path}:{line}: a function of {length} lines; the limit is {MAX_FUNCTION}"


found = list(problems())
print("\n".join(found) or "layers and sizes are in order")
sys.exit(bool(found))
