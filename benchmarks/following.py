"""Write what follows a generated hospital: `python benchmarks/following.py OUT ROWS SEED COUNT`."""

import sys
from pathlib import Path

from mediflow_assets.synthetic.later import write_later

if __name__ == "__main__":
    write_later(Path(sys.argv[1]), *map(int, sys.argv[2:]))
