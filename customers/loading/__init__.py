"""The first load of a union, and clean files of any size: checked row by row, written in bulk."""
