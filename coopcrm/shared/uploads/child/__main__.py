"""Reads one file that somebody sent in, in a process that can lose nothing but itself.

The process starts empty: no environment, no project, no database, little memory, little time. The file comes on the
standard input and leaves as lines of JSON on the standard output: never an object to be unpickled, never a path.
"""

from __future__ import annotations

import json
import os
import resource
import sys

import limits


def shrink() -> None:
    """Give up what a parser of hostile files must not have; a limit of the machine may be lower already."""
    for kind, most in (
        (resource.RLIMIT_AS, limits.MEMORY_BYTES),
        (resource.RLIMIT_CPU, limits.CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        _, hard = resource.getrlimit(kind)
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))
    os.nice(limits.NICENESS)


def main(task: str, option: str = "") -> None:
    """Do one task and answer; what a parser stumbles over becomes a code."""
    shrink()
    from refusal import Refusal

    most = limits.MAX_PHOTO_BYTES if task == "photo" else limits.MAX_FILE_BYTES
    content = sys.stdin.buffer.read(most + 1)
    try:
        if task == "photo":
            import pictures

            answer, body = pictures.renewed(content)
            say(answer)
            sys.stdout.buffer.write(body)
        elif task == "archive":
            import archives

            archives.unpack(content, sys.stdout.buffer.write)
            say({"end": True})
        else:
            import sheets

            sheets.tell(content, sys.stdout.write, option)
            say({"end": True})
    except Refusal as refusal:
        say({"refused": refusal.code})
    except MemoryError:
        say({"refused": "too_much_memory"})
    except Exception:  # a damaged file raises whatever its parser stumbled over
        say({"refused": "damaged_photo" if task == "photo" else "damaged"})


def say(answer: dict) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
