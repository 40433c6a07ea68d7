"""Pages for people: browse page, dashboard, desk, API pages, and the script for other sites."""
