"""The engine: carries out actions durably, and knows none of them."""
