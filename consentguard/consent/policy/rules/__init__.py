"""The tables of the policy file, one frozen dataclass each, in a module of the table's name.

A new table `[words]` is a dataclass in `rules/words.py` with `read(cls, keys)`, one line in `Policy`, and its keys with
their comments in `policies/sch026.toml`. Its digest, its unknown keys and `policy explain` come by themselves.
"""
