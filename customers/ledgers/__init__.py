"""Branch ledgers: registers, notebooks and account lists, read whatever their wording, order and dirt."""
