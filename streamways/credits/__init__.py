"""What an operator does with users' credits: gives them, puts them right, and reads the ledger."""
