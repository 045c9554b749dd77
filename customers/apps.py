"""Registration of the app with Django, of its persons with the ledger, and of what it tells on a timeline."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CustomersConfig(AppConfig):
    name = "customers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from coopcrm.shared import audit
        from customers import (  # noqa: F401 - registers the orders it does
            consents,
            copies,
            exports,
            personal,
            reveal,
            rights,
            rotation,
            sharing,
            story,
        )
        from customers.campaigns import exports as campaign_lists  # noqa: F401 - registers its list
        from customers.campaigns import services as campaign_deeds  # noqa: F401 - registers what two people sign
        from customers.campaigns.cards import campaign_events, campaigns_card
        from customers.cases import register as cases
        from customers.counter import register as counter
        from customers.feedback import follow_up, occasions, slips
        from customers.homes import register as homes
        from customers.ledgers import jobs, undoing, uploads  # noqa: F401 - they register the orders they do
        from customers.lists import columns, filters
        from customers.loading import services as loading  # noqa: F401 - registers the orders it does
        from customers.merging import register as merging
        from customers.models import Customer
        from customers.pages import register as pages
        from customers.persons import register as persons
        from customers.provenance import bulk  # noqa: F401 - registers the orders it does
        from customers.provenance import cards as provenance
        from customers.registries import (
            list_filters,
            number_readers,
            page_cards,
            slip_parts,
            timeline_sources,
        )
        from customers.reminders import sources as reminders
        from customers.review import register as review
        from customers.tags import register as tags
        from customers.tasks import register as tasks
        from customers.together import services as together

        audit.subjects_are(Customer, url_name="customers:customer", related=story.related_rows)
        rotation.register()
        tell_the_organisation()
        number_readers.register("document", reveal.document_of)
        number_readers.register("phone", reveal.phone_of)
        for room in (pages, counter, persons, provenance, tags):
            room.register()
        page_cards.register("customers.consents", consents.consents_card, place="side", order=800)
        page_cards.register("customers.rights", rights.rights_card, place="side", order=810)
        for room in (tasks, together, homes, merging, reminders, review, cases):
            room.register()
        personal.register_own_tables()
        occasions.register_own()
        follow_up.register_kinds()
        filters.register_own_filters()
        slip_parts.register("customers.feedback", slips.slip_part)
        page_cards.register("customers.campaigns", campaigns_card, place="side", order=600)
        timeline_sources.register("customers.campaigns", campaign_events, kind="contact")
        list_filters.register("agrees", consents.AGREES_FILTER)
        columns.register_own_columns()
        post_migrate.connect(prepare_privacy, sender=self)


def tell_the_organisation() -> None:
    """Let the pages of units and areas know how places sound, and which households are known and managed."""
    from branches import registries
    from customers import coverage, names

    registries.place_keys[:] = [names.place_keys]
    registries.household_counts[:] = [coverage.households_by_village]
    registries.area_followers[:] = [coverage.follow_areas]
    registries.closing_obstacles[:] = [coverage.managed_households]


def prepare_privacy(using: str, **kwargs) -> None:
    """Give a new database the texts and figures that every union begins with, and the function that erases."""
    from django.db import connections

    from customers import erasure, rows_of_nobody, standards
    from customers.ledgers import takeback
    from customers.merging import moving
    from customers.models import ConsentText, LedgerImport, Merge, PrivacyRule, SourceRule

    present = set(connections[using].introspection.table_names())
    if ConsentText._meta.db_table in present:
        standards.ensure_texts()
    if SourceRule._meta.db_table in present:
        standards.ensure_source_rule()
    if PrivacyRule._meta.db_table in present:
        standards.ensure_figures()
        with connections[using].cursor() as cursor:
            erasure.install(cursor)
            rows_of_nobody.install(cursor)
    if Merge._meta.db_table in present:
        with connections[using].cursor() as cursor:
            moving.install(cursor)
    if LedgerImport._meta.db_table in present:
        with connections[using].cursor() as cursor:
            takeback.install(cursor)
