"""The frame around every page and the parts pages are made of."""
