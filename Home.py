"""The one entry of the app. Every request comes through the frame before any page runs."""

from lib.ui import frame

frame.show()
