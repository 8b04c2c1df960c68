"""All speed figures: pages, their questions beside peers over the same files, landing, starting, memory, by size.

    python -m tests.bench [--rows 1000000 ...] [--folder FOLDER] [--turns 5] [--without PEER ...] [--kept]

Generates and lands what is missing in FOLDER/ROWS, asks everyone the same questions, stops where two answers are not
equal, and prints tables in Markdown. Milliseconds of CPU are those of all threads of a process that does nothing else,
medians of several turns after one that does not count. What is compared, and how peers are favoured: docs/speed.md.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench import aims, runs, tables
from tests.bench.answers import PEERS
from tests.bench.measuring import machine


def main() -> None:
    """Measure every size and print how cost grows."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    words.add_argument(
        "--folder", type=Path, help="where everything is kept, for the next time; else it is thrown away"
    )
    words.add_argument("--turns", type=int, default=5)
    words.add_argument(
        "--without",
        nargs="*",
        default=[],
        choices=PEERS,
        help="peers that are not asked",
    )
    words.add_argument(
        "--kept", action="store_true", help="take sizes that were measured before as they were"
    )
    given = words.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        root = given.folder or Path(temporary)
        found = [
            (given.kept and runs.kept(root / str(rows)))
            or runs.measure(root / str(rows), rows, given.turns, given.without)
            for rows in sorted(given.rows)
        ]
    print(f"\n## How cost grows\n\n{tables.growth(found)}\n\n{aims.told(found[-1])}\n\n{machine()}")


if __name__ == "__main__":
    main()
