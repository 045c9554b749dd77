"""The auditor's pages: the ledger of deeds, one person's story, refusals and seals."""
