"""`python -m quartet.cli` is the command `quartet`."""

from quartet.cli.main import main

if __name__ == "__main__":
    main()
