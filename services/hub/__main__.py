"""Run the command line: ``python -m services.hub``, which is what ``./tillwire`` does."""

from services.hub.command_line import main

if __name__ == "__main__":
    main()
