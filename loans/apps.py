"""Registration of the app with Django, and of what it tells the registry's pages."""

from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "loans"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from coopcrm.shared import rotation
        from customers import numbers, registries
        from loans import campaigns, customer_page, household_lines, merging, personal_data, reminders
        from loans.handovers import handover_facts
        from loans.ledger_accounts import write_accounts
        from loans.models import Account

        rotation.register(Account, "number", lambda account, text: numbers.account_keys(text)._asdict())
        personal_data.register()
        merging.register_relations()
        reminders.register()
        registries.ledger_row_handlers.register("account_list", write_accounts)
        registries.import_made.register(Account._meta.db_table, Account)
        registries.exposures.register("loans", customer_page.exposure)
        registries.campaign_measures.register("new_product", campaigns.NEW_PRODUCT)
        registries.campaign_measures.register("deposits", campaigns.DEPOSIT_CHANGE)
        registries.household_lines.register("loans", household_lines.KEEPER)
        registries.review_worth.append(household_lines.WORTH)
        registries.household_obstacles.register("loans", household_lines.booked_since)
        registries.handover_facts.register("loans", handover_facts)
        registries.page_cards.register("loans.accounts", customer_page.accounts_card, place="side", order=220)
        registries.number_readers.register("account", customer_page.account_of)
        registries.account_keys.append(
            "SELECT a.customer_id AS person, a.number_key AS number FROM loans_account a"
        )
        registries.number_finders.register("loans.accounts", customer_page.holders_of_account)
        tell = registries.timeline_sources.register
        tell("loans.loans_paid_out", customer_page.loans_paid_out, kind="credit")
        tell("loans.class_changes", customer_page.class_changes, kind="credit")
        tell("loans.lines_granted", customer_page.lines_granted, kind="credit", on=registries.PAGES)
        tell("loans.payments_by_month", customer_page.payments_by_month, kind="money")
