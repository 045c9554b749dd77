"""Registration of the app with Django."""

from django.apps import AppConfig


class LoansConfig(AppConfig):
    name = "loans"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from customers.registries import ledger_row_handlers
        from loans.ledger_accounts import write_accounts

        ledger_row_handlers.register("account_list", write_accounts)
