"""Files of one folder over HTTP: found and opened safely, answered with, and sent."""
