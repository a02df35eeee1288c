"""What a user may do: requests an hour, answers at once, and their length, decided before a stream begins."""
