"""`python -m app` is the command `keyart`."""

from app.cli import main

if __name__ == "__main__":
    main()
