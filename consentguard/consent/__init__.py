"""People, permissions, policy, the decision and the audit trail; it never touches a pixel."""
