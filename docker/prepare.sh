#!/bin/sh
# Runs in the container alertmanager-config at each start: what the services share and nobody has to make by hand.
set -eu
umask 027

admin=/run/mcp-exporter/admin
alertmanager=/run/mcp-exporter/alertmanager
config=${1:-/etc/mcp-exporter/mcp-exporter.yml}

for token in "$admin/token" "$alertmanager/webhook-token"; do
  [ -s "$token" ] || head -c 32 /dev/urandom | base64 | tr -d '=+/\n' >"$token"
done

rm -rf "$alertmanager/templates"
cp -r /usr/local/share/mcp-exporter/templates "$alertmanager/templates"
mcp-exporter render alertmanager --config "$config" --output "$alertmanager/alertmanager.yml"

# At a first start there is nobody yet who would have to read it again.
node -e '
  fetch("http://alertmanager:9093/-/reload", { method: "POST", signal: AbortSignal.timeout(5_000) }).then(
    ({ status }) => console.log(`Alertmanager read it again: ${status}`),
    () => undefined,
  );
'

if [ $# -eq 0 ] && [ -z "${GRAFANA_PASSWORD_FILE:-}" ]; then
  echo 'WARNING: Grafana starts with the password that the documentation tells everybody (admin, mcp-exporter).' \
    'Set GRAFANA_PASSWORD_FILE in .env before anybody but you can reach it.' >&2
fi
