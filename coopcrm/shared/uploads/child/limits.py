"""Limits of what people send in, known to both processes."""

from __future__ import annotations

MEGABYTE = 1024 * 1024

# The child process
MEMORY_BYTES = 512 * MEGABYTE
CPU_SECONDS = 60
NICENESS = 5  # whoever waits for a page goes first

# Sheets before they are parsed
MAX_FILE_BYTES = 20 * MEGABYTE
MAX_UNPACKED_BYTES = 200 * MEGABYTE
MAX_MEMBERS = 200
MAX_RATIO = 100
SMALL_MEMBER_BYTES = MEGABYTE  # tiny parts compress better than the ratio allows and harm nobody
MAX_CELLS = 4_000_000
MAX_STRINGS = 1_000_000
MAX_STYLES = 65_490  # cell formats a spreadsheet program can hold
MAX_MERGES = 100_000

# Sheets while they are read
MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL_CHARACTERS = 32_767
ENCODINGS = ("utf-8", "gbk", "gb18030", "big5hkscs", "utf-16")  # that people may declare for a text file
MAX_ROW_BYTES_OUT = 128 * MEGABYTE  # of rows handed to the parent; one long text may be named by every cell

# Photos
MAX_PHOTO_BYTES = 12 * MEGABYTE
MAX_PIXELS = 40_000_000
MAX_PHOTO_EDGE = 4096  # longer edges are scaled down when the photo is written anew
