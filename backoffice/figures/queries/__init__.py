"""What the figures say: counted from the events, read from the aggregates, with the rows behind them."""
