"""What the banking book tells of a campaign: who took a new product, and how deposits changed.

A balance before is that of the last whole month before the list was drawn, one after that of the last whole month
until the day of the look.
"""

from django.utils.translation import gettext_lazy as _

from customers.registries import CampaignMeasure

OF_THE_LIST = """
    FROM loans_account a
    JOIN customers_campaignmember p ON p.campaign_id = %(campaign)s AND p.customer_id = a.customer_id
"""
NEW_PRODUCT = CampaignMeasure(
    _("Took a new product"),
    "share",
    f"""
    SELECT DISTINCT a.customer_id, 1 AS value {OF_THE_LIST}
    WHERE a.opened_on >= %(since)s AND a.opened_on <= %(until)s
    """,
)
DEPOSIT_CHANGE = CampaignMeasure(
    _("Change of deposits, ¥ a customer"),
    "money",
    f"""
    SELECT a.customer_id, sum(coalesce(later.balance_end, 0) - coalesce(before.balance_end, 0)) AS value {OF_THE_LIST}
    JOIN loans_product t ON t.id = a.product_id AND t.family = 'deposit'
    LEFT JOIN loans_accountmonth before ON before.account_id = a.id
        AND before.month = (date_trunc('month', %(since)s::date) - interval '1 month')::date
    LEFT JOIN loans_accountmonth later ON later.account_id = a.id
        AND later.month = (date_trunc('month', %(until)s::date + 1) - interval '1 month')::date
    GROUP BY a.customer_id
    """,
)
