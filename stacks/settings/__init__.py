"""The settings of a stack: a module for each subject, read and checked together by `stack`."""
