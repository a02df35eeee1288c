"""The life of a stream in the table: admitted and started, kept alive, read, cancelled, ended once."""
