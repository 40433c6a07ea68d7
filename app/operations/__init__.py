"""An operator's questions about a service and its data folder."""
