"""The last exit point of a website: what git commits or pushes, or a tool uploads, judged file by file."""
