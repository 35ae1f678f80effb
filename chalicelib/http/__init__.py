"""What every route shares: requests, bodies, pages, responses. Does not know DynamoDB."""
