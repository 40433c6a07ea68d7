"""The titles, their artworks and pictures, and how they change."""
