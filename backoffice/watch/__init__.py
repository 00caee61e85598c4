"""Time limits that act by themselves (TL, W-1.15): the sweep, the ladder of who is told, the outbox, the job book."""
