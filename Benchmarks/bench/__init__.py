"""What the proxy costs, beside a program that only reads: scripts/bench."""
