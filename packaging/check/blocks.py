#!/usr/bin/env python3
"""The blocks of the deployment guide, each a file NUMBER.KIND in a directory: blocks.py GUIDE DIRECTORY. A block that says of nobody by
whom it is run is an error."""
import pathlib
import re
import sys

KINDS = {"sh host", "sh build", "sh docker", "sh compose", "sh kubernetes", "ini env", "cron crontab"}
guide, directory = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
for number, (kind, text) in enumerate(re.findall(r"^```(.*)\n((?:.*\n)*?)```$", guide.read_text(), re.M)):
    if kind not in KINDS:
        sys.exit(f"{guide}: a block is marked {kind!r}, and is run by nobody")
    (directory / f"{number:02}.{kind.split()[1]}").write_text(text)
for link in re.findall(r"\]\(([^)#:]+)", guide.read_text()):
    if not (guide.parent / link).exists():
        sys.exit(f"{guide}: there is no {link}")
