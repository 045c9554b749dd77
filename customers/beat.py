"""What beat does in the registry."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from coopcrm.shared import acting, idempotency
from customers import erasure
from customers.campaigns import segments
from customers.campaigns import services as campaigns
from customers.counter import drafts
from customers.ledgers import uploads
from customers.matching import nightly
from customers.merging import strays
from customers.portfolios import services as portfolios
from customers.provenance import bulk
from customers.reminders import services as reminders
from customers.review import asking as review_questions
from customers.review import placing
from customers.tags import rules as tag_rules
from customers.tasks import services as tasks


@shared_task
def adopt_orphans() -> None:
    """Every hour: households and tasks of people who hold no post any more pass to the post."""
    with acting.as_system("portfolios of people who have left"):
        portfolios.adopt_orphans(on=timezone.localdate())
        tasks.release_left_behind(on=timezone.localdate())


@shared_task
def follow_merges() -> None:
    """Every hour: what was written on a record in the moment it was joined follows to the record that stands for it."""
    with acting.as_system("rows left behind by merges"):
        strays.follow(since=timezone.now() - timedelta(days=1))


@shared_task
def look_after_retention() -> None:
    """Every night: order the removal of expired copies and the erasures of the business date; forget what is over."""
    with acting.as_system("retention"):
        erasure.order_nightly(as_of=timezone.localdate())
        drafts.forget_old(now=timezone.now())
        uploads.forget_old(now=timezone.now())
        idempotency.forget_old(now=timezone.now())


@shared_task
def look_after_campaigns() -> None:
    """Every night: count the segments, and finish the campaigns whose last day is over."""
    today = timezone.localdate()
    with acting.as_system("campaigns"):
        campaigns.finish_due(on=today)
        segments.order_counts(on=today)


@shared_task
def remind() -> None:
    """Every night: order the day's run of reminders, branch by branch."""
    with acting.as_system("reminders"):
        reminders.order_reminders(as_of=timezone.localdate())


@shared_task
def hang_tags() -> None:
    """Every night: order that the rules in force hang and take down their tags."""
    with acting.as_system("tags by rule"):
        tag_rules.order_nightly(as_of=timezone.localdate())


@shared_task
def decide_shown_values() -> None:
    """Every night: a rule of sources that has come into force decides every shown value, once."""
    with acting.as_system("rule of sources"):
        bulk.order_decisions(on=timezone.localdate())


@shared_task
def place_questions() -> None:
    """Every five minutes: new questions find their branch and their place; those that were asked stand there again."""
    with acting.as_system("queue of the review"):
        review_questions.wake_answered()
        if placing.needs_placing():
            placing.place_pairs()


@shared_task
def compare_registry() -> None:
    """Every night: order that whom something was written about is compared with everybody."""
    with acting.as_system("comparison of the registry"):
        if not nightly.is_under_way():
            nightly.order_scan(as_of=timezone.localdate())
