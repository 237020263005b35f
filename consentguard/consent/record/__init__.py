"""The state directory: the audit trail, the ledger, and whether a release still stands."""
