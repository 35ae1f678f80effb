"""What is stored in DynamoDB, and every request that is sent to it. Does not know HTTP."""
