"""Who is responsible for which households: portfolios, and handing them over."""
