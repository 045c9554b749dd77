"""Relations to the head when somebody marries in or another becomes the head: plain codes, no database.

The groups are those of GB/T 4761: a daughter-in-law belongs to the daughters, a father-in-law to the parents.
"""

from __future__ import annotations

from customers.choices import Relation as Group

OF_A_SPOUSE = {
    Group.HEAD: Group.SPOUSE,
    Group.SPOUSE: Group.OTHER,
    Group.SON: Group.DAUGHTER,
    Group.DAUGHTER: Group.SON,
    Group.GRANDCHILD: Group.GRANDCHILD,
    Group.PARENT: Group.PARENT,
    Group.GRANDPARENT: Group.GRANDPARENT,
    Group.SIBLING: Group.SIBLING,
    Group.OTHER: Group.OTHER,
}

# By the relation the new head had to the old one: what each old relation becomes. What is not listed becomes "other":
# whether a grandchild is the new head's child or nephew is not known.
BECOMES = {
    Group.SPOUSE: {
        Group.HEAD: Group.SPOUSE,
        Group.SON: Group.SON,
        Group.DAUGHTER: Group.DAUGHTER,
        Group.GRANDCHILD: Group.GRANDCHILD,
        Group.PARENT: Group.PARENT,
        Group.GRANDPARENT: Group.GRANDPARENT,
    },
    Group.SON: {
        Group.HEAD: Group.PARENT,
        Group.SPOUSE: Group.PARENT,
        Group.SON: Group.SIBLING,
        Group.DAUGHTER: Group.SIBLING,
        Group.PARENT: Group.GRANDPARENT,
    },
    Group.GRANDCHILD: {Group.HEAD: Group.GRANDPARENT, Group.SPOUSE: Group.GRANDPARENT},
    Group.PARENT: {
        Group.HEAD: Group.SON,
        Group.SPOUSE: Group.DAUGHTER,
        Group.SON: Group.GRANDCHILD,
        Group.DAUGHTER: Group.GRANDCHILD,
        Group.SIBLING: Group.SON,
        Group.GRANDPARENT: Group.PARENT,
        Group.PARENT: Group.SPOUSE,
    },
    Group.GRANDPARENT: {
        Group.HEAD: Group.GRANDCHILD,
        Group.SPOUSE: Group.GRANDCHILD,
        Group.SIBLING: Group.GRANDCHILD,
    },
    Group.SIBLING: {
        Group.HEAD: Group.SIBLING,
        Group.SPOUSE: Group.SIBLING,
        Group.PARENT: Group.PARENT,
        Group.GRANDPARENT: Group.GRANDPARENT,
        Group.SIBLING: Group.SIBLING,
    },
    Group.OTHER: {},
}
BECOMES[Group.HEAD] = {code: code for code in Group if code != Group.HEAD}
BECOMES[Group.DAUGHTER] = BECOMES[Group.SON]
BY_SEX = {("F", Group.SON): Group.DAUGHTER, ("M", Group.DAUGHTER): Group.SON}


def relation_of_spouse(relation: str) -> str:
    """The relation to the head of whoever marries a member with this relation."""
    return OF_A_SPOUSE[Group(relation)]


def relation_after(new_head_was: str, relation: str, sex: str = "") -> str:
    """What a member is to the new head, who was ``new_head_was`` to the old one; ``sex`` tells son from daughter."""
    found = BECOMES[Group(new_head_was)].get(Group(relation), Group.OTHER)
    return BY_SEX.get((sex, found), found)


def one_spouse(relations: dict[int, str], married_to: int | None) -> dict[int, str]:
    """Relations by person with one spouse at most: whom the head is married to, else the first who was derived."""
    spouse = married_to if married_to in relations else None
    if spouse is None and married_to is None:
        spouse = next((person for person, code in relations.items() if code == Group.SPOUSE), None)
    lone = {person: Group.OTHER if code == Group.SPOUSE else code for person, code in relations.items()}
    return lone if spouse is None else {**lone, spouse: Group.SPOUSE}
