"""`python -m mediflow_assets.cli`: the command without its script."""

from mediflow_assets.cli import main

main()
