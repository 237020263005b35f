"""The desk: a local page on which a person decides, photo by photo (`consentguard desk`, extra `[desk]`)."""
