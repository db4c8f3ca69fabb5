#!/bin/sh
# Signs a document of Kaiji with nothing but a POSIX shell and OpenSSL 3: an ES256 key, a payload, a compact JWS.
#
#   sign-with-openssl.sh KEY.pem PAYLOAD.json [TYP] > DOCUMENT.jws
#
# TYP is kaiji-statement+jws unless given: kaiji-key-proof+jws, kaiji-key-approval+jws, kaiji-withdrawal+jws,
# kaiji-confirmation+jws, kaiji-transfer+jws, kaiji-transfer-acceptance+jws; JWT for the assertion that gets an access
# token (README). A key is made with:  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256
# The payload is signed byte for byte; whether it is a valid statement, the service says.
set -eu
export LC_ALL=C

fail() {
    echo "sign-with-openssl.sh: $1" >&2
    exit "${2:-3}"
}

base64url() {
    openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# Hex digits on standard input, bytes on standard output.
unhex() {
    fold -w 2 | while read -r byte || [ -n "$byte" ]; do
        # shellcheck disable=SC2059 # the format is the byte: POSIX printf knows octal escapes only
        printf "\\$(printf '%03o' "0x$byte")"
    done
}

# An integer of a DER signature as 64 hex digits: DER drops leading zeros, a JWS wants 32 bytes.
pad() {
    padded=0000000000000000000000000000000000000000000000000000000000000000$1
    printf '%s' "${padded#"${padded%????????????????????????????????????????????????????????????????}"}"
}

[ $# -eq 2 ] || [ $# -eq 3 ] || fail "usage: sign-with-openssl.sh KEY.pem PAYLOAD.json [TYP]" 2
key=$1
payload=$2
typ=${3:-kaiji-statement+jws}
command -v openssl >/dev/null || fail "openssl is needed"
[ -r "$key" ] || fail "cannot read $key"
[ -r "$payload" ] || fail "cannot read $payload"
case $typ in *[!A-Za-z+-]*) fail "not a typ: $typ" 2 ;; esac

openssl pkey -in "$key" -noout -text_pub | grep -q 'ASN1 OID: prime256v1' || fail "$key is not a P-256 key"

# The public key: an SPKI of 91 bytes, of which the last 64 are x and y.
coordinate() {
    openssl ec -in "$key" -pubout -conv_form uncompressed -outform DER 2>/dev/null | tail -c 64 | "$@" | base64url
}
x=$(coordinate head -c 32)
y=$(coordinate tail -c 32)

# RFC 7638: SHA-256 of the required members in lexicographic order, without white space.
kid=$(printf '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$x" "$y" | openssl dgst -sha256 -binary | base64url)

header=$(printf '{"alg":"ES256","kid":"%s","typ":"%s"}' "$kid" "$typ" | base64url)
signed=$header.$(base64url <"$payload")

# OpenSSL signs in DER, SEQUENCE { r INTEGER, s INTEGER }; a JWS holds r and s one after the other.
numbers=$(printf '%s' "$signed" | openssl dgst -sha256 -sign "$key" | openssl asn1parse -inform DER |
    sed -n 's/.*INTEGER *:\([0-9A-F]*\)$/\1/p')
r=$(printf '%s\n' "$numbers" | sed -n 1p)
s=$(printf '%s\n' "$numbers" | sed -n 2p)
[ -n "$r" ] && [ -n "$s" ] || fail "openssl did not sign"

# No line feed at the end: it is not part of a JWS, and the service would refuse it.
printf '%s.%s' "$signed" "$( (pad "$r" && pad "$s") | unhex | base64url)"
