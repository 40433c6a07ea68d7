#!/bin/sh
# A backup of Keyart for each night: /usr/local/bin/keyart-backup, run as the service's user with its KEYART_DATA.
# docs/operations.md says how. It ends at the first step that fails, and nothing older is deleted then.
set -eu
umask 077

KEYART=${KEYART:-/opt/keyart/.venv/bin/keyart}
BACKUPS=${BACKUPS:-/var/backups/keyart}                # a folder of the service's user
ELSEWHERE=${ELSEWHERE-backup.example.org:keyart}       # another machine; empty: nowhere
DAYS=${DAYS:-14}
TEXTFILES=${TEXTFILES:-}                               # node_exporter's --collector.textfile.directory

"$KEYART" backup "$BACKUPS/$(date +%F)"
find "$BACKUPS" -mindepth 1 -maxdepth 1 -mtime "+$((DAYS - 1))" -exec rm -rf {} +
if [ -n "$ELSEWHERE" ]; then
	rsync -aH --delete "$BACKUPS/" "$ELSEWHERE/"
fi
if [ -n "$TEXTFILES" ]; then
	echo "backup_finished_seconds $(date +%s)" > "$TEXTFILES/keyart.prom.tmp"
	chmod 644 "$TEXTFILES/keyart.prom.tmp"
	mv "$TEXTFILES/keyart.prom.tmp" "$TEXTFILES/keyart.prom"
fi
