"""The codes of a rating in words that an officer reads aloud to a farmer."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

FACTORS = {
    "A1": _("People in the household"),
    "A2": _("People who can work"),
    "A3": _("Workers per person"),
    "A4": _("Years resident"),
    "B1": _("Net income per head against the county"),
    "B2": _("Verified sources of income"),
    "B3": _("Net assets against the county"),
    "B4": _("Debts against assets"),
    "B5": _("What is left of the income"),
    "C1": _("Worst delay in 36 months"),
    "C2": _("Credit report"),
    "C3": _("Years as a depositor"),
    "C4": _("Guarantees against income"),
    "D": _("Votes of the panel"),
}

GROUPS = {
    "A": _("The household"),
    "B": _("Income and assets"),
    "C": _("Repayment and relationship"),
    "D": _("The panel's judgement"),
}

KNOCKOUTS = {
    "K01": _("A loan is overdue by 31 days or more today."),
    "K02": _("A loan was overdue by more than 90 days within the last 36 months."),
    "K03": _("A loan rated substandard or worse, or written off, is not yet repaid."),
    "K04": _("A court lists a member as a dishonest judgment debtor."),
    "K05": _("Gambling, drugs, usury or another illegal activity is on record."),
    "K06": _("A false identity or false documents were used."),
    "K07": _("The applicant is under 18 or over 65, or cannot sign contracts."),
    "K08": _("The household lives outside the service area."),
    "K09": _("Nobody in the household can work."),
    "K10": _("The credit report is adverse."),
    "K11": _("A third or more of the panel vetoed."),
}

SOFT_CAPS = {
    "S1": _("Never borrowed here and no clean credit report: at most A."),
    "S2": _("A loan is overdue by 1 to 30 days today: at most B."),
    "S3": _("Debts are above 80 % of assets: at most B."),
    "S4": _("Only one investigator signed: at most A."),
    "S5": _("The oldest core fact is more than a year old: at most B."),
    "S6": _("The credit report was not queried: at most B."),
}

CAPS = {
    "grade": _("Cap of the grade"),
    "income": _("Cap of the income"),
    "asset": _("Cap of the assets"),
}

FACTS = {
    "birth_date": _("Date of birth of the head"),
    "age": _("Age of the head"),
    "population": _("People in the household"),
    "labour": _("People who can work"),
    "residence_years": _("Years resident"),
    "net_income": _("Net income a year"),
    "living_expenditure": _("Living expenditure a year"),
    "income_sources": _("Verified sources of income"),
    "assets": _("Assets"),
    "liabilities": _("Debts"),
    "guarantees_given": _("Guarantees given for others"),
    "other_unsecured": _("Unsecured debt elsewhere"),
    "worst_overdue_days_36m": _("Worst delay in 36 months"),
    "current_overdue_days": _("Days overdue today"),
    "credit_report": _("Credit report"),
    "deposit_years": _("Years as a depositor"),
    "panel_votes": _("Votes of the panel"),
    "panel_village_reps": _("Village representatives on the panel"),
    "panel_vetoes": _("Vetoes of the panel"),
    "bonus": _("Merits"),
    "malus": _("Demerits"),
    "flags": _("Knock-out facts"),
    "second_investigator": _("Two investigators"),
    "info_age_days": _("Age of the oldest core fact, days"),
    "county_income_ref": _("County income per head"),
    "county_net_asset_ref": _("County net assets per household"),
}

QUESTIONS = {
    "population": _("How many people live in the household?"),
    "labour": _("How many of them can work?"),
    "residence_years": _("For how many years has the household lived here?"),
    "net_income": _("What did the household earn last year after its costs?"),
    "living_expenditure": _("What does the household spend on living in a year?"),
    "income_sources": _("Which sources of income can be shown on paper?"),
    "assets": _("What are house, machines, animals and savings worth?"),
    "liabilities": _("What does the household owe in all?"),
    "guarantees_given": _(
        "For whose loans does the household stand as guarantor, and for how much? None is an answer."
    ),
    "other_unsecured": _("What unsecured debt is there elsewhere? None is an answer."),
    "credit_report": _("Get the written authorisation and query the credit report."),
    "bonus": _("Is there an honour, an insurance, a land certificate? None is an answer."),
    "malus": _("Is there a dispute or an unpaid levy? None is an answer."),
    "flags": _("Ask whether anything speaks against lending. None is an answer."),
    "second_investigator": _("Who is the second investigator?"),
    "birth_date": _("Name the head of the household and see the identity card."),
    "info_age_days": _("Confirm the household's figures on the spot."),
    "county_income_ref": _("Head office enters the county's reference values for the year."),
    "county_net_asset_ref": _("Head office enters the county's reference values for the year."),
}

NEXT_STEPS = {
    "B1": _("Raise the net income per head to %(band)s of the county's rural income."),
    "B2": _("Show %(band)s sources of income on paper."),
    "B3": _("Bring net assets to %(band)s of the county's average."),
    "B4": _("Bring debts to %(band)s of the assets."),
    "B5": _("Keep %(band)s of the net income after living costs."),
    "C1": _("Keep the worst delay of 36 months at %(band)s days."),
    "C2": _("Bring the credit report to: %(band)s."),
    "C3": _("Stay a depositor for %(band)s years."),
    "C4": _("Bring guarantees for others to %(band)s of the net income."),
}

FIRST_STEPS = {
    ("C1", "none"): _("Borrow a small amount and repay it on the day."),
    ("C2", "not_queried"): _("Let the credit report be queried; a clean one counts in full."),
}

SHARES = {"B1", "B3", "B4", "B5", "C4"}


def next_step(improvement) -> str:
    """One line of "what would raise it": what to reach, in the household's words."""
    special = FIRST_STEPS.get((improvement.factor, improvement.from_band))
    if special is not None:
        return str(special)
    sentence = NEXT_STEPS.get(improvement.factor)
    if sentence is None:
        return gettext("%(factor)s: %(band)s") % {
            "factor": FACTORS.get(improvement.factor, improvement.name),
            "band": improvement.to_band,
        }
    return sentence % {"band": band_in_words(improvement.factor, improvement.to_band)}


def band_in_words(factor: str, band: str) -> str:
    """``≥ 0.40`` as "at least 40 %": signs in words, shares as per cent."""
    if factor == "C2":
        from customers.choices import CreditReport

        return str(CreditReport(band).label) if band in CreditReport.values else band
    sign, _space, figure = band.partition(" ")
    sentences = {
        "≥": gettext("at least %(figure)s"),
        ">": gettext("more than %(figure)s"),
        "≤": gettext("at most %(figure)s"),
        "<": gettext("less than %(figure)s"),
    }
    if sign not in sentences:
        return band
    if factor in SHARES:
        figure = f"{(Decimal(figure) * 100).normalize():f} %"
    return sentences[sign] % {"figure": figure}
