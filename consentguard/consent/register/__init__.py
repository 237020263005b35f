"""The consent register: people, their answers, and the files that they come from."""
