"""The tables as software-defined assets, one file per zone."""
