#!/bin/sh
# Uploads photos to WordPress with wp-cli, but only if all of them may go.
#
#     examples/wordpress_upload.sh sports-day/*.jpg
#
# Register, policy and key come from the state directory (`consentguard init`). Photos with children are released first:
# `consentguard release PHOTO... --channel website --out FOLDER`, and the copies in FOLDER are uploaded.
set -eu

[ "$#" -gt 0 ] || { echo "usage: $0 PHOTO..." >&2; exit 2; }
printf '%s\0' "$@" | consentguard hook files --from0
exec wp media import "$@" --porcelain
