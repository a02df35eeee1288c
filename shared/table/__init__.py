"""The one DynamoDB table: the keys of its items, conditional writes, and requests that are repeated with patience."""
