"""Who lives with whom: what two people share, weighed by how few strangers share it."""

from customers.matching.households import ASK, LINK, Dweller, Neighbourhood, build, compare

HOME, ELSEWHERE = "990001101201", "990001101202"
GROUP = frozenset({(HOME, 3)})


def person(name, village=HOME, **known):
    """Somebody of that name in a village; texts and tuples become the sets a dweller has."""
    sets = {
        key: value if isinstance(value, frozenset) or key in ("is_head", "home") else frozenset(value)
        for key, value in known.items()
    }
    return Dweller(0, frozenset({name}), frozenset({village}), **sets)


def members(*people):
    return [family.members for family in build(people).families]


def asked(*people):
    return [(tie.first, tie.second) for tie in build(people).questions]


def crowd(number, **known):
    """Strangers of the place, each under a name of their own."""
    return [person(f"{chr(0x4E00 + i)}某某", **known) for i in range(number)]


def test_spouse_column_and_remark_bring_a_family_together():
    found = build(
        [
            person("王大明", spouses={"李小花"}, is_head=True),
            person("李小花"),
            person("王小明", heads={"王大明"}),
            person("李小花", ELSEWHERE),
        ]
    ).families

    assert [(family.head, family.spouse, family.others) for family in found] == [(0, 1, [2])]


def test_spouse_of_a_common_name_is_asked_about():
    people = person("王大明", spouses={"李小花"}, is_head=True), person("李小花"), person("李小花")

    assert members(*people) == [[0]]
    assert asked(*people) == [(0, 1), (0, 2)]


def test_named_spouse_a_generation_younger_is_a_namesake():
    people = person("王大明", spouses={"李小花"}, births={1950}), person("李小花", births={1985})

    assert members(*people) == []


def test_one_mobile_makes_one_household_and_a_shop_phone_does_not():
    two = person("王大明", phones={"13800000001"}), person("李小花", phones={"13800000001"})
    eight = [person(f"王{n}", phones={"13800000001"}) for n in "一二三四五六七八"]

    assert members(*two) == [[0, 1]]
    assert members(*eight) == []


def test_a_phone_that_wandered_to_another_village_is_no_proof():
    people = person("王大明", phones={"13800000001"}), person("李小花", ELSEWHERE, phones={"13800000001"})

    assert members(*people) == []


def test_a_small_village_group_says_more_than_a_crowded_one():
    father, son = person("佘大明", groups=GROUP, births={1950}), person("佘小明", groups=GROUP, births={1975})
    lonely = [father, son, *crowd(200)]
    crowded = [father, son, *crowd(200, groups=GROUP)]

    alone = compare(lonely, 0, 1, Neighbourhood.of(lonely))
    among_many = compare(crowded, 0, 1, Neighbourhood.of(crowded))

    assert alone.bits >= ASK > among_many.bits
    assert alone.steps["place"] > among_many.steps["place"]


def test_bits_of_the_steps_are_the_weight():
    people = [
        person("王大明", phones={"13800000001"}, births={1950}),
        person("李小花", phones={"13800000001"}),
    ]

    tie = compare(people, 0, 1, Neighbourhood.of(people))

    assert round(sum(tie.steps.values()), 2) == tie.bits
    assert tie.evidence["levels"] == {"phone": "mobile", "place": "village", "surname": "another"}


def test_two_households_of_the_registry_are_never_made_one():
    people = (
        person("王大明", phones={"13800000001"}, home=1),
        person("李小花", phones={"13800000001"}, home=2),
    )

    assert members(*people) == []
    assert asked(*people) == [(0, 1)]


def test_somebody_joins_the_household_the_registry_knows():
    people = person("王大明", phones={"13800000001"}, home=1), person("李小花", phones={"13800000001"})

    assert members(*people) == [[0, 1]]


def test_the_eldest_man_is_head_where_nobody_says_who_is():
    phone = {"13800000001"}
    people = (
        person("李小花", phones=phone, sexes={"F"}, births={1950}),
        person("王大明", phones=phone, sexes={"M"}, births={1952}),
        person("王小明", phones=phone, sexes={"M"}, births={1975}),
    )

    assert [family.head for family in build(people).families] == [1]


def test_whoever_has_a_line_in_a_notebook_has_a_household():
    assert members(person("王大明", is_head=True), person("李小花")) == [[0]]


def test_machine_joins_only_what_is_likelier_than_what_it_asks():
    assert LINK > ASK > 0
