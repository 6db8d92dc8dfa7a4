"""Why a visit gets what it gets: every piece of evidence, the score line by line, and the rung that decided."""
