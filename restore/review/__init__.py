"""The review server: the diff report of several files on this machine, with decisions kept beside the files."""
