"""Backups: a home, its lake and its databases in one folder, as of one moment, and the way back."""
