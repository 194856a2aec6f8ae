#!/bin/sh
# The guide's rules for ufw: SSH and the proxy can be reached, the API and the database only from this machine.
set -e
ufw allow 22/tcp comment SSH
ufw allow 443/tcp comment HTTPS
ufw allow 80/tcp comment "HTTP, redirected to HTTPS"
ufw deny 3456/tcp comment "agent-memory itself"
ufw deny 5432/tcp comment PostgreSQL
ufw --force enable
