"""What the summaries of past hours say: what was or would have been done, and which thresholds fit this site."""
