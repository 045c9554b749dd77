"""Tags: words hung on customers by people or computed by rule, with their period and reason."""
