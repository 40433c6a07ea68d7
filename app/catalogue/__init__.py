"""The titles, their artworks and pictures, and edits of them."""
