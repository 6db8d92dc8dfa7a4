"""The invisible mark that names the request a copy went to: putting it in, finding it again."""
