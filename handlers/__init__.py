"""Lambda entry points, one folder per architecture: admit, run, deliver. What a stream is, `shared` knows."""
