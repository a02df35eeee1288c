"""The way of one answer: from the model's events to numbered parts, to its client and to the journal."""
