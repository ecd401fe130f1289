"""The pages of docs/reference, each written from what it describes: `make docs` writes them, `make check` compares.

One module for each page. A page is a function of its source (the command, the settings, the definitions, the gateway),
so that a test can change the source and see the page differ. Not part of the wheel.
"""
