"""What makes and drives machines: small capability protocols and the providers behind them."""
