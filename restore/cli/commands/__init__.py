"""The commands, a module for each group; they are put together in `restore.cli.app`."""
