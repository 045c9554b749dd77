"""What is proposed about a record, shown on the record."""

from __future__ import annotations

from django import template

from branches import proposals

register = template.Library()


@register.inclusion_tag("branches/_open_proposals.html", takes_context=True)
def open_proposals(context, row) -> dict:
    """Card of the open proposals about ``row``; nothing when there is none. One query."""
    staff = context["request"].user
    found = proposals.waiting_about(staff, row) if row is not None and row.pk else []
    return {
        "lines": [
            {
                "proposal": proposal,
                "title": proposals.title_of(proposal),
                "may_decide": proposals.may_decide(staff, proposal),
                "is_mine": proposal.proposed_by_id == staff.pk,
            }
            for proposal in found
        ]
    }
