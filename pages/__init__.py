"""One script per section, nested so that Streamlit serves none of them without the frame."""
