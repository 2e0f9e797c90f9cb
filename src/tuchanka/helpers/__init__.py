"""What is added to the stock stack on the nodes: plain programs beside this file, each optional (docs/helpers.md)."""
