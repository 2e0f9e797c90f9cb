"""What is added to the stock stack on the nodes. Each of them is optional."""
