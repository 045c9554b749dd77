"""The help: every rule has its place, every desk its first day and its quiz."""

import re

import pytest
from django.conf import settings
from django.db.utils import ProgrammingError
from django.urls import get_resolver

from branches.choices import Desk, PostCode
from branches.models import FirstDayStep, QuizRecord
from branches.training import services
from branches.training.lessons import DESKS, STEPS
from branches.training.questions import ASKED, QUESTIONS, answers_of, questions_for
from coopcrm.shared.database import WEB
from coopcrm.shared.errors import Refused
from coopcrm.shared.forms import StrictForm
from coopcrm.shared.handbook import CHAPTERS, REFUSALS, TOPICS, explained
from tests import roles
from tests.access.world import make_people
from tests.factories import make_branch

APPS = ("coopcrm", "branches", "customers", "loans", "ratings", "kpi")


@pytest.fixture
def people(db):
    return make_people(make_branch())


def test_every_rule_has_a_chapter_and_its_section_stands_in_the_handbook():
    handbook = (settings.BASE_DIR / "docs" / "handbook.md").read_text()

    for topic in TOPICS.values():
        assert topic.chapter in CHAPTERS
        assert not topic.section or re.search(rf"^##+ {re.escape(topic.section)}\.? ", handbook, re.M), (
            topic.code
        )


def test_every_field_refusal_question_and_step_names_a_rule_that_exists():
    named = {*REFUSALS.values(), *(question.topic for question in QUESTIONS)}
    named |= {step.topic for steps in STEPS.values() for step in steps if step.topic}
    for form in all_forms(StrictForm):
        assert set(getattr(form, "topics", {})) <= set(form.base_fields), form
        named |= set(getattr(form, "topics", {}).values())

    assert named <= set(TOPICS)


def test_every_refusal_that_has_a_rule_is_one_that_the_product_says():
    said = "".join(path.read_text() for app in APPS for path in (settings.BASE_DIR / app).rglob("*.py"))

    assert [
        code for code in REFUSALS if said.count(f'"{code}"') < 2
    ] == []  # its own line, and where it is said


def all_forms(base):
    assert get_resolver().url_patterns  # imports every page, and with it every form
    for form in base.__subclasses__():
        yield form
        yield from all_forms(form)


def test_a_refusal_leads_to_its_rule_and_escapes_what_was_typed():
    said = explained(Refused("<b>known</b>", code="likely_known"))

    assert "&lt;b&gt;known&lt;/b&gt;" in said
    assert 'href="/help/rules/#likely-known"' in said
    assert explained(Refused("No rule.", code="anything")) == "No rule."


def test_every_post_has_a_desk_with_a_first_day_and_enough_questions():
    assert set(DESKS) == set(PostCode.values)
    for desk in Desk.values:
        assert STEPS[desk]
        assert len(questions_for(desk, "seed")) == ASKED


def test_every_step_opens_a_page_for_everybody_who_is_told_to(client, people):
    for post, desk in DESKS.items():
        client.force_login(people[post])
        for step in STEPS[desk]:
            if post not in step.not_for:
                assert client.get(step.path, follow=True).status_code == 200, (post, step.path)


def test_a_step_is_ticked_once_and_the_tick_can_be_taken_away(client, people):
    client.force_login(people["cashier"])
    for _ in range(2):
        client.post("/help/first-day/register/", {"done": "yes"})
    assert FirstDayStep.objects.filter(staff=people["cashier"]).count() == 1

    client.post("/help/first-day/register/", {"done": "no"})

    assert not FirstDayStep.objects.exists()
    with pytest.raises(Refused):
        services.set_step(staff=people["cashier"], step="rules", is_done=True)


def test_a_quiz_stays_the_same_until_it_is_handed_in_and_then_explains_itself(client, people):
    staff = people["director"]
    client.force_login(staff)
    asked = questions_for(Desk.DIRECTION, services.seed_of(staff))
    page = client.get("/help/quiz/").content.decode()
    assert all(f'name="{question.code}"' in page for question in asked)
    assert client.get("/help/quiz/").content.decode().count('type="radio"') == 3 * ASKED

    seed = services.seed_of(staff)
    answers = {question.code: shown(question, seed, 0) for question in asked} | {"quiz": seed}
    answers |= {asked[0].code: shown(asked[0], seed, 1)}
    result = client.post("/help/quiz/", answers, follow=True).content.decode()

    record = QuizRecord.objects.get(staff=staff)
    assert (record.right, record.total, record.is_passed) == (ASKED - 1, ASKED, True)
    assert str(TOPICS[asked[0].topic].sentence) in result or "The rule" in result
    assert [
        question.code for question in questions_for(Desk.DIRECTION, services.seed_of(staff))
    ] != record.asked


def shown(question, seed: str, answer: int) -> str:
    """The place at which a quiz shows an answer of a question."""
    return str([position for position, _words in answers_of(question, seed)].index(answer))


def test_a_quiz_sent_twice_is_kept_once(client, people):
    client.force_login(people["cashier"])
    seed = services.seed_of(people["cashier"])
    answers = {question.code: "0" for question in questions_for(Desk.COUNTER, seed)} | {"quiz": seed}

    client.post("/help/quiz/", answers)
    again = client.post("/help/quiz/", answers, follow=True)

    assert "handed in already" in again.content.decode()
    assert QuizRecord.objects.count() == 1


def test_an_unanswered_question_is_asked_for_and_nothing_is_kept(client, people):
    client.force_login(people["cashier"])

    answer = client.post("/help/quiz/", {"quiz": services.seed_of(people["cashier"])})

    assert "Answer every question." in answer.content.decode()
    assert not QuizRecord.objects.exists()


def test_the_right_answer_does_not_always_stand_first():
    shown = [answers_of(question, "seed")[0][0] for question in QUESTIONS]

    assert {0, 1, 2} == set(shown)


def test_a_quiz_that_was_handed_in_is_never_changed(people):
    record = QuizRecord.objects.create(
        staff=people["cashier"], desk=Desk.COUNTER, asked=["dash"], chosen=[1], right=0, total=1
    )

    with roles.as_role(WEB), pytest.raises(ProgrammingError, match="permission denied"):
        QuizRecord.objects.filter(pk=record.pk).update(right=1)


def test_a_director_sees_the_training_of_the_own_branch_and_head_office_of_all(client, people):
    other = make_people(make_branch("Other"))
    client.force_login(people["director"])
    own = client.get("/help/training/").content.decode()
    client.force_login(people["head_office"])
    everything = client.get("/help/training/").content.decode()

    address = f"/organisation/staff/{other['cashier'].pk}/"
    assert (address in own, address in everything) == (False, True)
    assert f"/organisation/staff/{people['cashier'].pk}/" in own


def test_the_list_of_trainings_takes_the_same_queries_however_many_people(
    client, people, django_assert_max_num_queries
):
    client.force_login(people["head_office"])
    client.get("/help/training/")
    make_people(make_branch("Another"))

    with django_assert_max_num_queries(16):
        client.get("/help/training/")
