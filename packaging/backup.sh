#!/bin/sh
# For cron, where the server does not make backups itself (BACKUP_ENABLED=false):
#   0 2 * * * /usr/share/agent-memory/backup.sh
# Makes a backup, reads every byte of it again, and removes those that are older than BACKUP_KEEP_DAYS (30). Any failure ends it with a
# message and an exit code other than 0, so that cron writes a mail.
set -eu

AGENT_MEMORY=${AGENT_MEMORY:-agent-memory}
ENV_FILE=${ENV_FILE:-/opt/agent-memory/.env.production}
BACKUP_DIR=${BACKUP_DIR:-/backups}
BACKUP_KEEP_DAYS=${BACKUP_KEEP_DAYS:-30}
export BACKUP_DIR BACKUP_KEEP_DAYS

if [ -r "$ENV_FILE" ]; then
    set -- --env-file "$ENV_FILE" "$@"
fi
"$AGENT_MEMORY" "$@" backup create
"$AGENT_MEMORY" "$@" backup verify newest
