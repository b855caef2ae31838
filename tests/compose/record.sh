#!/bin/sh
# Records what compose makes of each project here: `sh tests/compose/record.sh "docker compose"`.
set -eu
cd "$(dirname "$0")"
for folder in */; do
    folder=${folder%/}
    here=$(cd "$folder" && pwd)
    # shellcheck disable=SC2086
    (cd "$folder" && env -i PATH="$PATH" HOME=/home/me DESKTOP_PLUGIN_IMAGE=acme/x:1 \
        ${1:-docker compose} --project-name shapes config --format json) |
        sed "s|$here|ROOT|g" >"$folder.json"
done
