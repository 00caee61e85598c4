"""The kernel: acts, states, audit, numbers, permissions, deadlines. Knows no feature and no web library."""
