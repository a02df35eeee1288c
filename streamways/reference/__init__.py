"""The pages of the reference that are read from the code: commands from the command line, components from `stacks/`."""
