"""The last door of a website: what git commits or pushes, or a tool uploads, judged file by file."""
