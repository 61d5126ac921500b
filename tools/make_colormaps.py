#!/usr/bin/python3
"""Writes share/colormaps/*.txt from matplotlib (Debian 12: 3.6.3).

    usage: tools/make_colormaps.py [FOLDER]

The byte b of a tile has the colour floor(255 * map(x)) at x = linspace(0, 1, 255)[b - 1]. A map
of matplotlib is a row of N colours, of which 255 are picked (tools/embed_colormaps.py does
that), so the N colours are what is written here. The reversed map is made from mirrored
functions, not from mirrored colours; where that differs, by one step, the row is corrected.
"""
import pathlib
import sys

import matplotlib
import numpy as np

from embed_colormaps import picked

NEWER_NAMES = {"gist_grey": "gist_gray", "gist_yerg": "gist_yarg", "grays": "greys", "grey": "gray"}
PER_LINE = 12


def hexes(rows):
    return ["".join(f"{int(v):02x}" for v in (row[:3] if row[3] == 255 else row)) for row in rows]


def table(colormap):
    return np.floor(255 * colormap(np.linspace(0, 1, 255))).astype(np.uint8)


def colors_of(colormap):
    colormap(0.5)  # fills the table of colours
    return np.floor(255 * colormap._lut[: colormap.N]).astype(np.uint8)


def cloud():
    """Grey with a ramp of alpha: thin cloud is transparent, thick cloud is white."""
    steps = np.arange(2, 256)
    grey = 128 + steps // 2
    alpha = np.minimum(255, 3 * (steps - 1) // 2)
    return np.vstack([[0, 0, 0, 0], np.stack([grey, grey, grey, alpha], axis=1)])


def text(comment, names, reversed_names, colors, corrections):
    lines = [f"# {comment}", "names " + " ".join(names)]
    if reversed_names:
        lines.append("reversed " + " ".join(reversed_names))
    lines.append("colors")
    words = hexes(colors)
    lines += [" ".join(words[i : i + PER_LINE]) for i in range(0, len(words), PER_LINE)]
    if corrections:
        lines.append("reversed_rows")
        words = [f"{row}:{color}" for row, color in corrections]
        lines += [" ".join(words[i : i + PER_LINE]) for i in range(0, len(words), PER_LINE)]
    return "\n".join(lines) + "\n"


def main(folder):
    maps = {name.lower(): matplotlib.colormaps[name] for name in matplotlib.colormaps}
    maps |= {new: maps[old] for new, old in NEWER_NAMES.items()}
    groups = {}  # what is equal in both directions, or has one direction only
    for name in sorted(name for name in maps if not name.endswith("_r")):
        reverse = maps.get(name + "_r", maps.get(NEWER_NAMES.get(name, name) + "_r"))
        key = (colors_of(maps[name]).tobytes(), table(reverse).tobytes())
        groups.setdefault(key, []).append(name)
    comment = f"From matplotlib {matplotlib.__version__}; see LICENSE."
    for names in groups.values():
        names.sort(key=lambda name: (name in NEWER_NAMES, not name + "_r" in maps, name))
        colors = colors_of(maps[names[0]])
        want = table(maps[names[0] + "_r"])
        have = picked(colors[::-1])
        wrong = [row for row in range(255) if (have[row] != want[row]).any()]
        corrections = list(zip(wrong, hexes(want[wrong])))
        reversed_names = [name + "_r" for name in names if name + "_r" in maps]
        (folder / f"{names[0]}.txt").write_text(text(comment, names, reversed_names, colors, corrections))
    (folder / "cloud.txt").write_text(text("Grey, from transparent to white.", ["cloud"], [], cloud(), []))


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parent.parent
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else root / "share" / "colormaps")
