"""Trying rules and models on history: the production judge over stored inputs, with an order book in memory."""
