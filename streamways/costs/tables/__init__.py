"""The tables of the cost page, a module for each subject: answers, waiting, months, what stands idle, and sources."""
