"""The demo's pictures: tools (colour, fields, sheet) and one module for each family of them. Needs Pillow only."""
