"""Pictures for doubtful clients: variants, their placeholder, and answers with them.

Nothing is imported here: worker processes begin in this room, and must not load all of it.
"""
