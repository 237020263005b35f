#!/bin/sh
# Builds a Hugo site and uploads it, but only if everything in it may go.
#
#     cd website && SERVER=school@example.org:www examples/hugo_deploy.sh
#
# What Hugo is given is judged, not what it makes: its smaller copies show no more than the pictures they are made of.
set -eu

: "${SERVER:?names where the site goes, such as school@example.org:www}"
for folder in assets content static themes layouts data; do
    if [ -d "$folder" ]; then find "$folder" ! -type d -print0; fi
done | consentguard hook files --from0
hugo --cleanDestinationDir
exec rsync --archive --delete public/ "$SERVER/"
