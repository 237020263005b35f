"""The school's policy: read from TOML, checked, explained."""
