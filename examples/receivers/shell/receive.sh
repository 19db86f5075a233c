#!/bin/sh
# Checks one saved Spark360 webhook: its signature, its age, and whether it came before. A debugging aid, no server: openssl
# shows the secret to all who list this machine's processes, the comparison is not constant-time, gaps are not looked for.
#   SPARK360_SECRETS=whsec_… STORE=events sh receive.sh < request.http
# request.http: the headers, one a line, an empty line, the body.
# Prints 204 stored, 200 known already, 401 refused, or 500 for a failure of its own.
set -eu
export LC_ALL=C # Lengths are bytes.
store=${STORE:-events}
tolerance_seconds=300
: "${SPARK360_SECRETS:?expected one or more secrets, separated by spaces}"

work=
trap '[ $? = 0 ] || echo 500; rm -rf "$work"' EXIT
mkdir -p "$store"
work=$(mktemp -d "$store/new.XXXXXX")
cat > "$work/request"
head_bytes=$(awk '{ bytes += length($0) + 1 } /^\r?$/ { print bytes; exit }' "$work/request")
tail -c "+$((head_bytes + 1))" "$work/request" > "$work/body"

header() { head -c "$head_bytes" "$work/request" | tr -d '\r' | awk -v name="$1:" 'tolower($1) == name { sub(/^[^:]*: */, ""); print; exit }'; }
answer() { echo "$1"; exit 0; }

id=$(header webhook-id)
timestamp=$(header webhook-timestamp)
listed=$(header webhook-signature)
given=${listed:-"$(header x-spark360-signature) $(header x-spark360-signature-next)"}
if [ -n "$listed" ]; then
  case $timestamp in '' | *[!0-9]*) answer 401 ;; esac
  age=$(($(date +%s) - timestamp))
  [ "${age#-}" -le "$tolerance_seconds" ] || answer 401
fi

expected_of() { # the signature that this secret makes
  if [ -n "$listed" ]; then
    key=$(printf %s "${1#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    { printf '%s.%s.' "$id" "$timestamp"; cat "$work/body"; } |
      openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A | sed 's/^/v1,/'
  else
    openssl dgst -sha256 -mac HMAC -macopt "key:$1" -hex < "$work/body" | sed 's/.*= /sha256=/'
  fi
}

genuine=no
for secret in $SPARK360_SECRETS; do
  expected=$(expected_of "$secret")
  for signature in $given; do [ "$signature" != "$expected" ] || genuine=yes; done
done
[ "$genuine" = yes ] || answer 401

event_id=$(sed -n 's/.*"event_id" *: *"\([0-9a-f-]\{36\}\)".*/\1/p' "$work/body" | head -n 1)
# `ln` gives a name to one caller only, and the file is whole when it has it: of two at once one is the first.
ln "$work/body" "$store/$event_id.json" 2>/dev/null && answer 204
[ -e "$store/$event_id.json" ] # It fails where the link did for another reason: 500.
answer 200
