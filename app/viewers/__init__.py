"""Who is watching: profiles, their pseudonyms, and what is known of a viewer."""
