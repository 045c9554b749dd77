"""Which pairs are worth comparing: those that share a name, a sound, a phone, a number or a part of one, or a home."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from customers.matching.mentions import Mention, Profile

LARGEST_BLOCK = 400


def block_keys(profile: Profile) -> set[tuple]:
    """Return the blocks a profile stands in."""
    keys: set[tuple] = set()
    for mention in profile.mentions:
        keys |= _name_keys(mention) | _number_keys(mention)
        keys.update(("phone", phone) for phone in mention.phones)
        keys.update(("account", account) for account in mention.accounts)
        if mention.village:
            keys.add(("home", mention.name[:1], mention.village))
    return keys


def _name_keys(mention: Mention) -> set[tuple]:
    keys = {("name", mention.name), ("letters", "".join(sorted(mention.name)))}
    keys.update(("name", alias) for alias in mention.aliases)
    if mention.sound:
        keys.add(("sound", mention.sound))
    return keys


def _number_keys(mention: Mention) -> set[tuple]:
    start, end = (mention.number or mention.prefix)[:14], (mention.number or mention.suffix)[-12:]
    keys = {("start", start)} if len(start) == 14 else set()
    if len(end) == 12:
        keys.add(("end", end))
    if mention.number:
        keys.add(("number", mention.number))
    elif mention.cleaned:
        keys.add(("typed", mention.cleaned))
        if mention.guess:
            keys.add(("number", mention.guess))
    return keys


class Blocks:
    """The blocks of profiles that grow together round by round.

    A key that one profile alone holds is forgotten: mentions only come together, so nobody can meet there later.
    """

    def __init__(self) -> None:
        self._keys: dict[Profile, list[tuple]] = {}

    def pairs(self, profiles: Sequence[Profile]) -> set[tuple[int, int]]:
        """Return the pairs worth comparing: those that share a block.

        Two registry records are never compared here: an import does not join them, and by night the scan asks.
        """
        rows: dict[tuple, list[int]] = defaultdict(list)
        records: dict[tuple, list[int]] = defaultdict(list)
        before = self._keys
        keys = {p: before[p] if p in before else list(block_keys(p)) for p in profiles}
        for index, profile in enumerate(profiles):
            blocks = rows if profile.customer is None else records
            for key in keys[profile]:
                blocks[key].append(index)
        met = {key: (members, records.get(key, ())) for key, members in rows.items()}
        met = {key: found for key, found in met.items() if len(found[0]) + len(found[1]) > 1}
        self._keys = {profile: [key for key in own if key in met] for profile, own in keys.items()}
        pairs: set[tuple[int, int]] = set()
        for members, known in met.values():
            if len(members) + len(known) <= LARGEST_BLOCK:
                pairs.update(combinations(members, 2))
                pairs.update((a, b) if a < b else (b, a) for a in members for b in known)
        return pairs


def pairs_of(profiles: Sequence[Profile]) -> set[tuple[int, int]]:
    """The pairs of profiles that are compared once."""
    return Blocks().pairs(profiles)
