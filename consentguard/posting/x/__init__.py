"""X, the one network there is so far: tweepy's clients, the gate before them, keys and what they may do."""

from consentguard.posting.x.client import X

__all__ = ["X"]
