"""Write a listeners table as the saved notebook page that the naive way reads.

Conventions
-----------
The page holds one table with pandas' row index, as a notebook shows a frame. Both programs are
given the same page, so that neither is spared the reading.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd


def write_page(source: Path, page: Path) -> None:
    """Read an Excel or CSV table and write it as a page; "None" stays an answer."""
    read = pd.read_excel if source.suffix == ".xlsx" else pd.read_csv
    frame = read(source, keep_default_na=False)
    table = frame.to_html(border=1, classes="dataframe")
    page.write_text(
        "<!DOCTYPE html>\n<html><head><meta charset='utf-8'><title>Results</title></head>\n"
        f"<body><div class='output_html'>\n{table}\n</div></body></html>\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    write_page(Path(sys.argv[1]), Path(sys.argv[2]))
