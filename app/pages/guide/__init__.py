"""The pages of docs/ as pages of the service. The wheel has its copy of docs/ in this folder."""
