#!/usr/bin/env python3
"""Writes the C++ table of the built-in colour maps from share/colormaps/*.txt.

    usage: embed_colormaps.py OUTPUT.cpp FILE.txt...

A file is words; # begins a comment. `names` lists what its colours are called, `reversed` the
names of the mirrored ones, `colors` gives them as rrggbb or rrggbbaa, `reversed_rows` the rows
of the mirrored table (0..254, row:color) that differ from the mirror.
"""
import re
import sys

ROWS = 255


def picked(colors):
    """The 255 of N colours that matplotlib picks at linspace(0, 1, 255)."""
    count = len(colors)
    places = [i * (1 / (ROWS - 1)) for i in range(ROWS - 1)] + [1.0]
    return [colors[min(int(x * count), count - 1)] for x in places]


def color(word):
    if not re.fullmatch(r"[0-9a-f]{6}([0-9a-f]{2})?", word):
        raise ValueError(f"'{word}' is not a colour; rrggbb or rrggbbaa is")
    return word if len(word) == 8 else word + "ff"


def sections(text):
    found = {"names": [], "reversed": [], "colors": [], "reversed_rows": []}
    current = None
    for line in text.splitlines():
        for word in line.split("#")[0].split():
            if word in found:
                current = found[word]
            elif current is None:
                raise ValueError(f"'{word}' stands before the first section")
            else:
                current.append(word)
    return found


def tables(text):
    """{name: 255 words rrggbbaa} of one file."""
    found = sections(text)
    colors = [color(word) for word in found["colors"]]
    if not colors or not found["names"]:
        raise ValueError("a colour map needs names and colors")
    mirrored = picked(colors[::-1])
    for word in found["reversed_rows"]:
        row, value = word.split(":")
        mirrored[int(row)] = color(value)
    result = {name: picked(colors) for name in found["names"]}
    result |= {name: mirrored for name in found["reversed"]}
    for name in result:
        if not re.fullmatch(r"[a-z0-9_]+", name):
            raise ValueError(f"'{name}' is not a name of a colour map; a-z, 0-9 and _ are allowed")
    return result


def source(maps):
    lines = [
        "// Written by tools/embed_colormaps.py from share/colormaps.",
        '#include "terrazzo/raster/built_in_colormaps.hpp"',
        "namespace terrazzo::raster {",
        "std::span<const BuiltInColormap> built_in_colormaps() {",
        "  static constexpr BuiltInColormap maps[] = {",
    ]
    for name, words in sorted(maps.items()):
        lines.append(f'{{"{name}", {{' + ",".join("0x" + word for word in words) + "}},")
    return "\n".join(lines + ["  };", "  return maps;", "}", "}  // namespace terrazzo::raster", ""])


def main(output, files):
    maps = {}
    for file in sorted(files):
        with open(file, encoding="ascii") as opened:
            try:
                found = tables(opened.read())
            except ValueError as error:
                sys.exit(f"{file}: {error}")
        if twice := maps.keys() & found.keys():
            sys.exit(f"{file}: another file has {', '.join(sorted(twice))} too")
        maps |= found
    with open(output, "w", encoding="ascii") as opened:
        opened.write(source(maps))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
