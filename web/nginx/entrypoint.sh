#!/bin/sh
# Writes what depends on the installation (the pages' configuration and the headers), then becomes nginx.
#
#   PARLEY_API_PUBLIC_URL  where browsers reach the API, such as https://api.parley.example.com (required)
#   PARLEY_DAILY_ENABLED   true: rooms may be Daily's, whose code and servers the Content-Security-Policy then allows
#   PARLEY_WEB_DIR         where the files are written (/tmp/parley)
set -eu

fail() {
  echo "parley-web: $1" >&2
  exit 2
}

api=${PARLEY_API_PUBLIC_URL:-}
daily=${PARLEY_DAILY_ENABLED:-false}
dir=${PARLEY_WEB_DIR:-/tmp/parley}
[ -n "$api" ] || fail "PARLEY_API_PUBLIC_URL is not set: where do browsers reach the API?"
api=${api%/}
# Nothing but the characters of an origin: the value becomes part of JSON and of a header. (grep alone looks at lines.)
case $api in
  *[!A-Za-z0-9.:/-]*) fail "PARLEY_API_PUBLIC_URL holds characters that no origin has; it is '$api'" ;;
esac
printf '%s' "$api" | grep -Eqx 'https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?' ||
  fail "PARLEY_API_PUBLIC_URL must be an origin such as https://api.example.com, without a path; it is '$api'"

sockets=ws${api#http}
script="'self'"
connect="'self' $api $sockets"
worker="'self'"
media="'self' blob:"
case $daily in
  true)
    # https://docs.daily.co/guides/privacy-and-security/content-security-policy (call object, avoidEval)
    script="$script https://c.daily.co"
    connect="$connect https://*.daily.co wss://*.daily.co"
    worker="$worker blob:"
    ;;
  false) ;;
  *) fail "PARLEY_DAILY_ENABLED must be true or false; it is '$daily'" ;;
esac

policy="default-src 'none'; script-src $script; worker-src $worker; style-src 'self'; img-src 'self'; font-src 'self';"
policy="$policy media-src $media; connect-src $connect; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

mkdir -p "$dir"
printf '{"apiUrl": "%s"}\n' "$api" >"$dir/config.json"
{
  echo "listen 8080;"
  # nginx does not start where the kernel has no IPv6.
  [ ! -e /proc/net/if_inet6 ] || echo "listen [::]:8080;"
} >"$dir/listen.conf"
cat >"$dir/headers.conf" <<END
add_header Content-Security-Policy "$policy" always;
add_header Strict-Transport-Security "max-age=31536000" always;
add_header Permissions-Policy "microphone=(self), camera=(self), autoplay=(self), geolocation=(), display-capture=(), payment=(), usb=()" always;
add_header Referrer-Policy "no-referrer" always;
add_header X-Content-Type-Options "nosniff" always;
add_header X-Frame-Options "DENY" always;
add_header Cross-Origin-Opener-Policy "same-origin" always;
add_header Cross-Origin-Resource-Policy "same-origin" always;
END

# Nothing to run: only the files were wanted.
[ "${1:-}" != --write-only ] || exit 0
exec nginx -e stderr -c /etc/parley/nginx.conf -g 'daemon off;'
