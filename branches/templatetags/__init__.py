"""Template tags of branches."""
