"""`python -m ircopilot`: the command line, for the interpreter that is at hand."""

from ircopilot.cli.main import main

if __name__ == "__main__":
    main()
