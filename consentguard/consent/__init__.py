"""The memory and the judgement: people, permissions, policy and the audit trail; never touches a pixel."""
