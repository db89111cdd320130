"""``python -m restore`` is the command ``restore``."""

from restore.cli import main

if __name__ == "__main__":
    main()
