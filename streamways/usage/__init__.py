"""What a stack's streams have used: the usage records read out of the table, and the report of an operator."""
