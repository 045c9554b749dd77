"""Template tags of ratings and figures."""
