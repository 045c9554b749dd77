"""Particulars are stated with their source; skills and other names are kept; what is sensitive is refused."""

import pytest
from django.urls import reverse

from branches.choices import PostCode
from coopcrm.shared.errors import Refused
from customers.choices import NameKind
from customers.models import OtherName, Statement
from customers.persons import particulars
from customers.provenance.services import state_values
from tests.factories import TODAY, branch_of, make_customer, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer():
    return make_staff(PostCode.LOAN_OFFICER)


@pytest.fixture
def person(officer):
    return make_customer(branch=branch_of(officer), occupation="务农")


def test_particulars_are_stated_with_source_and_only_what_changed(officer, person):
    values = {
        "occupation": "务农",
        "education": "junior",
        "residence": "东莞市长安镇",
        "contact_hours": "evening",
    }

    particulars.state_particulars(staff=officer, customer=person, values=values, source="said", as_of=TODAY)

    person.refresh_from_db()
    assert (person.education, person.residence, person.contact_hours) == ("junior", "东莞市长安镇", "evening")
    assert not Statement.objects.filter(attribute="occupation").exists()
    assert set(Statement.objects.values_list("attribute", "source")) == {
        ("education", "said"),
        ("residence", "said"),
        ("contact_hours", "said"),
    }


@pytest.mark.parametrize("words", ["信佛", "糖尿病人", "共产党员", "Politics", "基督教 徒"])
def test_religion_illness_and_politics_are_refused_wherever_a_word_is_free(officer, person, words):
    with pytest.raises(Refused) as refusal:
        particulars.note_skill(staff=officer, customer=person, code="other", words=words, as_of=TODAY)
    assert refusal.value.code == "sensitive"
    with pytest.raises(Refused):
        particulars.state_particulars(
            staff=officer, customer=person, values={"occupation": words}, source="said", as_of=TODAY
        )


def test_ordinary_words_are_none_of_those(officer, person):
    for words in ("小学教师", "做豆腐", "兽医", "编竹篮"):
        particulars.note_skill(staff=officer, customer=person, code="other", words=words, as_of=TODAY)

    assert [str(skill) for skill in person.skills.order_by("pk")] == ["小学教师", "做豆腐", "兽医", "编竹篮"]


def test_eight_skills_are_enough_and_one_may_be_removed(officer, person):
    codes = ["grain", "tea", "fruit", "fish", "bees", "driving", "trade", "sewing"]
    skills = [
        particulars.note_skill(staff=officer, customer=person, code=code, as_of=TODAY) for code in codes
    ]
    with pytest.raises(Refused, match="Eight skills"):
        particulars.note_skill(staff=officer, customer=person, code="cooking", as_of=TODAY)

    particulars.remove_skill(staff=officer, skill=skills[0], as_of=TODAY)
    particulars.note_skill(staff=officer, customer=person, code="cooking", as_of=TODAY)

    assert person.skills.filter(removed_on=None).count() == 8


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("张桂兰", "李秀英", NameKind.FORMER),
        ("張桂蘭", "张桂兰", NameKind.TRADITIONAL),
        ("张桂蓝", "张桂兰", NameKind.SPELLING),
    ],
)
def test_name_until_now_stays_known_with_its_keys(officer, before, after, kind):
    person = make_customer(before, branch=branch_of(officer))

    deed = {
        "source": "document",
        "on": TODAY,
        "staff": officer,
        "settles": True,
        "reason": "The new card shows it",
    }
    state_values(customer=person, values={"name": after}, **deed)

    person.refresh_from_db()
    row = OtherName.objects.get()
    assert person.name == after
    assert (row.name, row.kind) == (before, kind)
    assert (row.pinyin, row.initials) == (("zhangguilan", "zgl"))


def test_page_states_notes_and_removes(client, officer, person):
    client.force_login(officer)
    url = reverse("customers:particulars", args=[person.pk])

    client.post(url, {"occupation": "养蜂", "source": "seen"})
    client.post(reverse("customers:add-skill", args=[person.pk]), {"code": "bees"})
    client.post(reverse("customers:add-name", args=[person.pk]), {"kind": "alias", "name": "小兰"})
    page = client.get(url).content.decode()
    name = OtherName.objects.get()
    client.post(reverse("customers:remove-name", args=[name.pk]))
    after = client.get(url).content.decode()

    person.refresh_from_db()
    assert person.occupation == "养蜂"
    assert "小兰" in page
    assert "Bees" in page
    assert "小兰" not in after
