"""Deeds of the organisation: units and their hours, areas and who serves them, staff and their posts, lists."""
