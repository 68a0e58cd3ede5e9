"""What stands between the network and Streamlit: who is let in, by which address, with which headers."""
