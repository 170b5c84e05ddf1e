"""`python -m wherefrom.cli`."""

from wherefrom.cli import main

main()
