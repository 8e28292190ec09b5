"""Backtests: rules and models tried on history by the production judge, with an order book in memory."""
