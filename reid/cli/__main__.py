"""`python -m reid.cli`: the command `reid`, where no script is installed."""

from reid.cli.main import main

if __name__ == "__main__":
    main()
