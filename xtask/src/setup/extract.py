"""Unpacks part of a wheel: extract.py WHEEL FOLDER FROM=TO...

Each FROM names a member, or a folder of members if it ends with a slash; TO is its place below FOLDER.
"""

import shutil
import sys
import zipfile
from pathlib import Path


def main(wheel, folder, rules):
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if not name.endswith("/")]
        for rule in rules:
            source, target = rule.split("=")
            matches = [name for name in files if name == source or (source.endswith("/") and name.startswith(source))]
            if not matches:
                sys.exit(f"{wheel} holds no {source}")
            for name in matches:
                path = Path(folder) / (target + name[len(source):])
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as content, open(path, "wb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
