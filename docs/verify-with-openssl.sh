#!/bin/sh
# Checks an evidence folder (証跡フォルダー) of Kaiji with a POSIX shell, coreutils, sed and OpenSSL 3, and nothing of ours.
#
#   verify-with-openssl.sh FOLDER
#
# Written to be read: each step is what a person would type. The steps have the names that verify.py and `kaiji verify`
# give them. Exit status: 0 every check passed; 1 a check failed; 2 wrong usage; 3 the folder cannot be read.
#
# JSON is searched here, not parsed. That is sound for what a key signed, but less strict than verify.py: of the
# service's documents only the members that matter are looked at, of the statement only that issuer, product and each
# attachment are written in it (names with \u escapes are not found), and Ed25519 keys are not checked for small order.
set -u
export LC_ALL=C

fail() {
    echo "verify-with-openssl.sh: $1" >&2
    exit "${2:-3}"
}

[ $# -eq 1 ] || fail "usage: verify-with-openssl.sh FOLDER" 2
[ -d "$1" ] || fail "cannot read the folder $1"
for program in openssl sha256sum base64 od sed awk find; do
    command -v "$program" >/dev/null || fail "$program is needed"
done
case $(openssl version) in 'OpenSSL '[3-9]*) ;; *) fail "OpenSSL 3 or later is needed: $(openssl version)" ;; esac
script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
cd "$1" || fail "cannot read the folder $1"
tmp=$(mktemp -d) || fail "cannot make a temporary directory"
trap 'rm -rf "$tmp"' EXIT
: >"$tmp/failed"

# Notes what came of a check: verdict $? NAME FILE
verdict() {
    if [ "$1" -eq 0 ]; then
        echo "○ $2 $3"
    else
        echo "× $2 $3"
        echo "$2 $3" >>"$tmp/failed"
    fi
}

finish() {
    if [ -s "$tmp/failed" ]; then
        echo "結果: 不合格です。この証跡をそのまま信用しないでください。"
        exit 1
    fi
    echo "結果: すべての確認に合格しました。サービスの鍵は、公開されているものと比べてください。"
    exit 0
}

# --- A folder of several statements: each subfolder by itself -------------------------------------------------------

if [ ! -e statement.jws ] && ls -d ./*/statement.jws >/dev/null 2>&1; then
    find . -mindepth 1 -maxdepth 1 ! -type d ! -name はじめに読む.txt ! -name verify.py ! -name SHA256SUMS >"$tmp/unknown"
    [ ! -s "$tmp/unknown" ]
    verdict $? files .
    if [ -e SHA256SUMS ]; then
        find . -mindepth 1 -maxdepth 1 -type f ! -name SHA256SUMS | sed 's|^\./||' | sort | tr '\n' '\0' |
            xargs -0 -r sha256sum -- | cmp -s - SHA256SUMS
        verdict $? sums SHA256SUMS
    fi
    for folder in ./*/; do
        echo "■ $folder"
        sh "$script" "$folder" || echo "$folder" >>"$tmp/failed"
    done
    finish
fi

# --- Small tools ------------------------------------------------------------------------------------------------------

hex() { od -An -v -tx1 | tr -d ' \n'; }
encode() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }
decode() { # base64url without padding, on standard input
    tr '_-' '/+' >"$tmp/text"
    case $(($(wc -c <"$tmp/text") % 4)) in 2) printf '==' ;; 3) printf '=' ;; esac >>"$tmp/text"
    base64 -d "$tmp/text" 2>/dev/null
}
# A line of base64 in its one spelling: its bytes on standard output.
line_bytes() {
    printf '%s' "$1" | base64 -d >"$tmp/line" 2>/dev/null && [ "$(base64 -w 0 "$tmp/line")" = "$1" ] && cat "$tmp/line"
}
# The value of a text or an integer in the service's compact JSON: member FILE NAME
member() { sed -nE 's/^.*[{,]"'"$2"'":("([^"\\]*)"|([0-9]+))[,}].*$/\2\3/p' "$1"; }
# Whether one time or text comes before another, or is the same.
not_after() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort | head -n 1)" = "$1" ]; }
ends_with_line_feed() { [ "$(tail -c 1 "$1" | hex)" = 0a ]; }

# --- files, sums: which files there are, and their digests ---------------------------------------------------------------

sizes=$(find . -maxdepth 1 -name 'checkpoint.*' | sed -nE 's|^\./checkpoint\.(0\|[1-9][0-9]{0,17})$|\1|p' | sort -n)
{
    for file in はじめに読む.txt SHA256SUMS key-registered.jws key-registered.tlog-proof log.vkey receipt.jws \
        receipt.pub.pem receipt.tlog-proof statement.json statement.jws status.jws vendor-key.pub.pem verify.py; do
        echo "$file"
    done
    if [ -e acknowledgement.jws ] || [ -e acknowledgement.tlog-proof ]; then
        echo acknowledgement.jws
        echo acknowledgement.tlog-proof
    fi
    for file in transfer-offered.jws transfer-offered.tlog-proof transfer-accepted.jws transfer-accepted.tlog-proof; do
        [ ! -e transfer-offered.jws ] && [ ! -e transfer-offered.tlog-proof ] && [ ! -e transfer-accepted.jws ] &&
            [ ! -e transfer-accepted.tlog-proof ] || echo "$file"
    done
    [ -n "$sizes" ] || echo 'checkpoint.<size>'
    before=
    for size in $sizes; do
        echo "checkpoint.$size"
        [ -z "$before" ] || echo "$before-$size.consistency"
        before=$size
        if [ -e "checkpoint.$size.tsr" ]; then
            echo "checkpoint.$size.tsr"
            echo tsa-root.pem
        fi
    done
} | sort -u >"$tmp/expected"
find . ! -type d | sed 's|^\./||' | sort >"$tmp/all"
grep -v '^attachments/' "$tmp/all" | comm -3 "$tmp/expected" - >"$tmp/unexpected"
sed 's/^/  過不足: /' "$tmp/unexpected"
[ ! -s "$tmp/unexpected" ] && [ -z "$(find . ! -type d ! -type f)" ]
verdict $? files .

find . -type f ! -path ./SHA256SUMS | sed 's|^\./||' | sort | tr '\n' '\0' |
    xargs -0 sha256sum -- 2>/dev/null | cmp -s - SHA256SUMS
verdict $? sums SHA256SUMS

# --- key: the keys, each in the spelling of OpenSSL, and their names (kid, RFC 7638) -----------------------------------------

key_kind() { # ES256, EdDSA or PS256
    openssl pkey -pubin -in "$1" -outform DER -out "$tmp/der" 2>/dev/null || return 1
    case $(hex <"$tmp/der") in
    3059301306072a8648ce3d020106082a8648ce3d03010703420004*) echo ES256 ;;
    302a300506032b6570032100*) echo EdDSA ;;
    *300d06092a864886f70d0101010500*)
        bits=$(openssl pkey -pubin -in "$1" -noout -text_pub | sed -nE 's/.*Public-Key: \(([0-9]+) bit\).*/\1/p')
        [ "$bits" -ge 3072 ] && [ "$bits" -le 8192 ] && echo PS256
        ;;
    *) return 1 ;;
    esac
}
thumbprint() {
    kind=$(key_kind "$1") || return 1
    case $kind in
    ES256)
        x=$(tail -c 64 "$tmp/der" | head -c 32 | encode)
        y=$(tail -c 32 "$tmp/der" | encode)
        printf '{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}' "$x" "$y"
        ;;
    EdDSA) printf '{"crv":"Ed25519","kty":"OKP","x":"%s"}' "$(tail -c 32 "$tmp/der" | encode)" ;;
    PS256)
        # The numbers of the key as DER integers, which begin with 00 where the first bit is set.
        offset=$(openssl asn1parse -inform DER -in "$tmp/der" | sed -nE 's/^ *([0-9]+):.*BIT STRING.*/\1/p')
        openssl asn1parse -inform DER -in "$tmp/der" -strparse "$offset" |
            sed -nE 's/.*INTEGER *:([0-9A-F]+)$/\1/p' >"$tmp/numbers"
        n=$(sed -n 1p "$tmp/numbers" | base16 | encode)
        e=$(sed -n 2p "$tmp/numbers" | base16 | encode)
        printf '{"e":"%s","kty":"RSA","n":"%s"}' "$e" "$n"
        ;;
    esac | openssl dgst -sha256 -binary | encode
}
# Hex digits on standard input, bytes on standard output.
base16() {
    fold -w 2 | while read -r byte || [ -n "$byte" ]; do
        # shellcheck disable=SC2059 # the format is the byte: POSIX printf knows octal escapes only
        printf "\\$(printf '%03o' "0x$byte")"
    done
}

[ -f vendor-key.pub.pem ] && openssl pkey -pubin -in vendor-key.pub.pem -pubout 2>/dev/null | cmp -s - vendor-key.pub.pem &&
    vendor_kid=$(thumbprint vendor-key.pub.pem)
verdict $? key vendor-key.pub.pem
echo "${vendor_kid-} vendor-key.pub.pem" >"$tmp/vendor.kids"

# One file for each of the service's keys.
awk -v tmp="$tmp" '/-----BEGIN PUBLIC KEY-----/ { n++ } n { print > (tmp "/receipt." n ".pem") }' receipt.pub.pem 2>/dev/null
: >"$tmp/receipt.kids"
: >"$tmp/written"
number=1
while [ -f "$tmp/receipt.$number.pem" ]; do
    openssl pkey -pubin -in "$tmp/receipt.$number.pem" -pubout >>"$tmp/written" 2>/dev/null
    [ "$(key_kind "$tmp/receipt.$number.pem")" = ES256 ] || echo "no ES256 key" >>"$tmp/written"
    echo "$(thumbprint "$tmp/receipt.$number.pem") $tmp/receipt.$number.pem" >>"$tmp/receipt.kids"
    number=$((number + 1))
done
[ "$number" -gt 1 ] && cmp -s "$tmp/written" receipt.pub.pem
verdict $? key receipt.pub.pem
first_kid=$(sed -n '1s/ .*//p' "$tmp/receipt.kids")

# A line of log.vkey is NAME+ID+KEY: ID is the beginning of SHA-256 over NAME, a line feed and KEY, of which the first
# byte is 1 and the rest the Ed25519 key. OpenSSL wants the twelve bytes of SPKI before it.
log_vkeys() {
    [ -f log.vkey ] && ends_with_line_feed log.vkey || return 1
    number=0
    while IFS= read -r line; do
        number=$((number + 1))
        name=${line%%+*} rest=${line#*+}
        id=${rest%%+*} key=${rest#*+}
        [ "$line" = "$name+$id+$key" ] && line_bytes "$key" >"$tmp/vkey" || return 1
        [ "$(wc -c <"$tmp/vkey")" -eq 33 ] && [ "$(head -c 1 "$tmp/vkey" | hex)" = 01 ] || return 1
        computed=$({ printf '%s\n' "$name" && cat "$tmp/vkey"; } | openssl dgst -sha256 -binary | head -c 4 | hex)
        [ "$computed" = "$id" ] && [ "$name" = "${log:-$name}" ] || return 1
        log=$name
        { printf '\060\052\060\005\006\003\053\145\160\003\041\000' && tail -c 32 "$tmp/vkey"; } >"$tmp/vkey.der"
        openssl pkey -pubin -inform DER -in "$tmp/vkey.der" -pubout -out "$tmp/log.$number.pem" 2>/dev/null || return 1
        echo "$id $tmp/log.$number.pem" >>"$tmp/log.ids"
    done <log.vkey
    [ -n "$log" ]
}
log=
: >"$tmp/log.ids"
log_vkeys
verdict $? key log.vkey

# --- header, signature: a compact JWS, three parts of base64url with points between ------------------------------------------

# Takes FILE apart: $tmp/decoded.1 is the header, .2 the payload, .3 the signature; sets alg and kid.
jws_header() {
    alg= kid=
    [ -f "$1" ] && tr -cd 'A-Za-z0-9._-' <"$1" | cmp -s - "$1" && [ "$(tr -cd . <"$1" | wc -c)" -eq 2 ] || return 1
    for part in 1 2 3; do
        cut -d . -f "$part" "$1" | tr -d '\n' >"$tmp/part"
        [ -s "$tmp/part" ] && decode <"$tmp/part" >"$tmp/decoded.$part" || return 1
        encode <"$tmp/decoded.$part" | cmp -s - "$tmp/part" || return 1
    done
    # Exactly alg, kid and typ, perhaps cty, each once: nothing is left when they are taken out.
    [ -z "$(tr -d '\t\r\n -~' <"$tmp/decoded.1" | hex)" ] || return 1
    header=$(tr '\t\r\n' '   ' <"$tmp/decoded.1")
    text() { printf '%s\n' "$header" | sed -nE 's/^.*"'"$1"'" *: *"([^"\\]*)".*$/\1/p'; }
    left=$(printf '%s\n' "$header" | sed -E 's/"alg" *: *"[^"\\]*"//; s/"kid" *: *"[^"\\]*"//
        s/"typ" *: *"[^"\\]*"//; s/"cty" *: *"[^"\\]*"//' | tr -d ' ')
    case $header in *'"cty"'*) [ "$left" = '{,,,}' ] ;; *) [ "$left" = '{,,}' ] ;; esac || return 1
    alg=$(text alg) kid=$(text kid)
    case $alg in Ed25519) alg=EdDSA ;; ES256 | EdDSA | PS256) ;; *) return 1 ;; esac
    # The kid stands in a pattern of sed below.
    case $kid in *[!A-Za-z0-9_-]*) return 1 ;; esac
    [ "$(text typ)" = "$2" ] && [ ${#kid} -eq 43 ]
}

# Verifies FILE, which jws_header took apart, under that key of the list KIDS which its kid names.
jws_signature() {
    [ -n "$kid" ] || return 1
    key=$(sed -n "s|^$kid ||p" "$2" | head -n 1)
    [ -n "$key" ] && [ "$(key_kind "$key")" = "$alg" ] || return 1
    # What is signed: header and payload as they stand, with the point between them.
    cut -d . -f 1,2 "$1" | tr -d '\n' >"$tmp/signed"
    case $alg in
    ES256)
        # A JWS holds r and s, 32 bytes each; OpenSSL wants SEQUENCE { r INTEGER, s INTEGER }.
        [ "$(wc -c <"$tmp/decoded.3")" -eq 64 ] || return 1
        printf 'asn1=SEQUENCE:both\n[both]\nr=INTEGER:0x%s\ns=INTEGER:0x%s\n' "$(head -c 32 "$tmp/decoded.3" | hex)" \
            "$(tail -c 32 "$tmp/decoded.3" | hex)" >"$tmp/both.conf"
        openssl asn1parse -genconf "$tmp/both.conf" -noout -out "$tmp/signature.der" &&
            openssl dgst -sha256 -verify "$key" -signature "$tmp/signature.der" "$tmp/signed"
        ;;
    EdDSA) openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$tmp/signed" -sigfile "$tmp/decoded.3" ;;
    PS256)
        openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 \
            -verify "$key" -signature "$tmp/decoded.3" "$tmp/signed"
        ;;
    esac >/dev/null 2>&1
}

# A document with its two checks; a good one's payload is kept as $tmp/NAME.
jws() { # FILE TYP KIDS NAME
    rm -f "$tmp/$4"
    jws_header "$1" "$2"
    verdict $? header "$1"
    jws_signature "$1" "$3"
    signed=$?
    verdict "$signed" signature "$1"
    [ "$signed" -ne 0 ] || cp "$tmp/decoded.2" "$tmp/$4"
}

jws statement.jws kaiji-statement+jws "$tmp/vendor.kids" statement
statement_kid=$kid
[ -f "$tmp/statement" ] && cmp -s "$tmp/statement" statement.json
verdict $? payload statement.json
sha256=$(sha256sum <statement.jws 2>/dev/null | cut -c 1-64)
# The statement in one line, without white space around colons, to look for members in. (In a text, quotes have a
# backslash, so that nothing there passes for a member.)
tr '\t\r\n' '   ' <"$tmp/statement" 2>/dev/null | sed -E 's/" *: */":/g' >"$tmp/flat"

# --- checkpoint: three lines (name, size, root), an empty line, `— NAME BASE64` for each signature -----------------------------

# Reads a checkpoint, sets size_stated and writes the root to $tmp/root. At least one key of the log signed it.
open_checkpoint() {
    ends_with_line_feed "$1" && [ -n "$log" ] && [ -z "$(tr -cd '\000-\011\013-\037\177' <"$1" | hex)" ] || return 1
    head -n 3 "$1" >"$tmp/body"
    [ "$(sed -n 1p "$1")" = "$log" ] && [ -z "$(sed -n 4p "$1")" ] || return 1
    size_stated=$(sed -n 2p "$1")
    case $size_stated in '' | 0?* | *[!0-9]*) return 1 ;; esac
    line_bytes "$(sed -n 3p "$1")" >"$tmp/root" && [ "$(wc -c <"$tmp/root")" -eq 32 ] || return 1
    sed '1,4d' "$1" >"$tmp/lines"
    [ -s "$tmp/lines" ] && [ "$(wc -l <"$tmp/lines")" -le 100 ] || return 1
    good=0
    : >"$tmp/seen"
    while IFS= read -r line; do
        name=${line#"— "}
        [ "$line" != "$name" ] || return 1
        encoded=${name#* } name=${name%% *}
        [ -n "$name" ] && line_bytes "$encoded" >"$tmp/signature" && [ "$(wc -c <"$tmp/signature")" -gt 4 ] || return 1
        id=$(head -c 4 "$tmp/signature" | hex)
        key=$(sed -n "s|^$id ||p" "$tmp/log.ids" | head -n 1)
        # A line of somebody else: a witness.
        [ "$name" = "$log" ] && [ -n "$key" ] || continue
        ! grep -q "^$id$" "$tmp/seen" || return 1
        echo "$id" >>"$tmp/seen"
        tail -c +5 "$tmp/signature" >"$tmp/ed25519"
        openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$tmp/body" -sigfile "$tmp/ed25519" >/dev/null 2>&1 ||
            return 1
        good=$((good + 1))
    done <"$tmp/lines"
    [ "$good" -gt 0 ]
}

for size in $sizes; do
    open_checkpoint "checkpoint.$size" && [ "$size_stated" = "$size" ] && cp "$tmp/root" "$tmp/root.$size"
    verdict $? checkpoint "checkpoint.$size"
done

# --- proof: hash by hash from the leaf to the root (RFC 6962, RFC 9162 section 2.1.3.2) ------------------------------------------

node() { # LEFT RIGHT OUT: SHA-256 over the byte 1 and two hashes
    { printf '\001' && cat "$1" "$2"; } | openssl dgst -sha256 -binary >"$tmp/node.new" && mv "$tmp/node.new" "$3"
}

inclusion() { # PROOF LEAF_FILE INDEX
    [ -f "$1" ] && grep -q '^$' "$1" || return 1
    sed '/^$/,$d' "$1" >"$tmp/head"
    sed '1,/^$/d' "$1" >"$tmp/checkpoint"
    [ "$(sed -n 1p "$tmp/head")" = c2sp.org/tlog-proof@v1 ] && [ "$(sed -n 2p "$tmp/head")" = "index $3" ] || return 1
    open_checkpoint "$tmp/checkpoint" && [ -f "$tmp/root.$size_stated" ] || return 1
    cmp -s "$tmp/root" "$tmp/root.$size_stated" && [ "$3" -lt "$size_stated" ] || return 1
    # A leaf is hashed with the byte 0 before it.
    { printf '\000' && cat "$2"; } | openssl dgst -sha256 -binary >"$tmp/node"
    place=$3 last=$((size_stated - 1))
    sed '1,2d' "$tmp/head" >"$tmp/hashes"
    while IFS= read -r line; do
        line_bytes "$line" >"$tmp/sibling" && [ "$(wc -c <"$tmp/sibling")" -eq 32 ] && [ "$last" -gt 0 ] || return 1
        if [ $((place % 2)) -eq 1 ] || [ "$place" -eq "$last" ]; then
            node "$tmp/sibling" "$tmp/node" "$tmp/node"
            while [ $((place % 2)) -eq 0 ] && [ "$place" -ne 0 ]; do
                place=$((place / 2)) last=$((last / 2))
            done
        else
            node "$tmp/node" "$tmp/sibling" "$tmp/node"
        fi
        place=$((place / 2)) last=$((last / 2))
    done <"$tmp/hashes"
    [ "$last" -eq 0 ] && cmp -s "$tmp/node" "$tmp/root"
}

# A receipt of the service: its checks; its payload is kept as $tmp/NAME.
receipt() { # FILE NAME
    jws "$1" kaiji-receipt+jws "$tmp/receipt.kids" "$2"
    [ -f "$tmp/$2" ] && [ "$(member "$tmp/$2" log)" = "$log" ]
    verdict $? log "$1"
    index=$([ ! -f "$tmp/$2" ] || member "$tmp/$2" leaf_index)
    [ -n "$index" ] && inclusion "${1%.jws}.tlog-proof" "$1" "$index"
    verdict $? proof "${1%.jws}.tlog-proof"
}
# Whether the payload NAME has a member with that value, which is not empty: says NAME MEMBER VALUE
says() { [ -f "$tmp/$1" ] && [ -n "$3" ] && [ "$(member "$tmp/$1" "$2")" = "$3" ]; }
# Whether the statement has a member with that text.
states() { [ -n "$2" ] && grep -q -F "\"$1\":\"$2\"" "$tmp/flat"; }
of() { [ ! -f "$tmp/$1" ] || member "$tmp/$1" "$2"; }

# --- registration, receipt, acknowledgement, transfer -------------------------------------------------------------------------------------

receipt key-registered.jws registration
says registration event key_registered && says registration signer_kid "$statement_kid" &&
    [ -f "$tmp/statement" ] && states issuer "$(of registration vendor)"
verdict $? registration key-registered.jws

receipt receipt.jws receipt
receipt_kid=$kid
[ -f "$tmp/statement" ] && [ "$receipt_kid" = "$first_kid" ] && says receipt event statement_received &&
    says receipt statement_sha256 "$sha256" && says receipt signer_kid "$statement_kid" &&
    states issuer "$(of receipt vendor)" && states id "$(of receipt product)" &&
    says receipt signer_key_leaf "$(of registration leaf_index)" &&
    [ "$(of registration leaf_index)" -lt "$(of receipt leaf_index)" ] &&
    not_after "$(of registration received_at)" "$(of receipt received_at)" &&
    [ -n "$(of registration not_after)" ] && ! not_after "$(of registration not_after)" "$(of receipt received_at)"
verdict $? receipt receipt.jws

if [ -e acknowledgement.jws ]; then
    receipt acknowledgement.jws acknowledgement
    [ -f "$tmp/statement" ] && [ -f "$tmp/receipt" ] && says acknowledgement event delivery_acknowledged &&
        says acknowledgement statement_sha256 "$sha256" &&
        [ "$(of receipt leaf_index)" -lt "$(of acknowledgement leaf_index)" ]
    verdict $? acknowledgement acknowledgement.jws
fi

# Whether the payload NAME is that event, of the statement's product and to its issuer: consents NAME EVENT
consents() {
    says "$1" event "$2" && states id "$(of "$1" product)" && states issuer "$(of "$1" successor)"
}
if [ -e transfer-offered.jws ] || [ -e transfer-accepted.jws ]; then
    receipt transfer-offered.jws offered
    receipt transfer-accepted.jws accepted
    [ -f "$tmp/statement" ] && [ -f "$tmp/receipt" ] && consents offered transfer_offered &&
        consents accepted transfer_accepted && says accepted transfer_sha256 "$(of offered transfer_sha256)" &&
        [ -n "$(of offered not_after)" ] && ! not_after "$(of offered not_after)" "$(of accepted received_at)" &&
        says accepted vendor "$(of offered vendor)" &&
        [ "$(of offered leaf_index)" -lt "$(of accepted leaf_index)" ] &&
        [ "$(of accepted leaf_index)" -lt "$(of receipt leaf_index)" ]
    verdict $? transfer transfer-accepted.jws
fi

# --- consistency: the smaller log is the beginning of the larger one (RFC 9162 section 2.1.4.2) ------------------------------------

consistent() { # FROM TO
    file=$1-$2.consistency
    [ -f "$file" ] && ends_with_line_feed "$file" && [ -f "$tmp/root.$1" ] && [ -f "$tmp/root.$2" ] || return 1
    [ "$(sed -n 1p "$file")" = "$1 $2" ] || return 1
    sed 1d "$file" >"$tmp/hashes"
    if [ "$1" -eq 0 ]; then # SHA-256 of nothing
        [ ! -s "$tmp/hashes" ] && printf '' | openssl dgst -sha256 -binary | cmp -s - "$tmp/root.0"
        return
    fi
    place=$(($1 - 1)) last=$(($2 - 1))
    while [ $((place % 2)) -eq 1 ]; do
        place=$((place / 2)) last=$((last / 2))
    done
    rm -f "$tmp/smaller"
    # Where the smaller size is a power of two, its root is where the way begins; else the first hash.
    [ $(($1 & ($1 - 1))) -ne 0 ] || { cp "$tmp/root.$1" "$tmp/smaller" && cp "$tmp/root.$1" "$tmp/larger"; }
    while IFS= read -r line; do
        line_bytes "$line" >"$tmp/sibling" && [ "$(wc -c <"$tmp/sibling")" -eq 32 ] || return 1
        if [ ! -f "$tmp/smaller" ]; then
            cp "$tmp/sibling" "$tmp/smaller" && cp "$tmp/sibling" "$tmp/larger"
            continue
        fi
        [ "$last" -gt 0 ] || return 1
        if [ $((place % 2)) -eq 1 ] || [ "$place" -eq "$last" ]; then
            node "$tmp/sibling" "$tmp/smaller" "$tmp/smaller"
            node "$tmp/sibling" "$tmp/larger" "$tmp/larger"
            while [ $((place % 2)) -eq 0 ] && [ "$place" -ne 0 ]; do
                place=$((place / 2)) last=$((last / 2))
            done
        else
            node "$tmp/larger" "$tmp/sibling" "$tmp/larger"
        fi
        place=$((place / 2)) last=$((last / 2))
    done <"$tmp/hashes"
    [ "$last" -eq 0 ] && cmp -s "$tmp/smaller" "$tmp/root.$1" && cmp -s "$tmp/larger" "$tmp/root.$2"
}

before=
for size in $sizes; do
    if [ -n "$before" ]; then
        consistent "$before" "$size"
        verdict $? consistency "$before-$size.consistency"
    fi
    before=$size
done

# --- stamp: RFC 3161 time stamps over checkpoints -------------------------------------------------------------------------------------

for size in $sizes; do
    [ -e "checkpoint.$size.tsr" ] || continue
    openssl ts -verify -data "checkpoint.$size" -in "checkpoint.$size.tsr" -CAfile tsa-root.pem >/dev/null 2>&1
    verdict $? stamp "checkpoint.$size.tsr"
done

# --- attachment: every file has its digest beside its name in the statement, and as many are named as are there ------------------------

find attachments -type f 2>/dev/null | sort >"$tmp/attached"
tr '{' '\n' <"$tmp/flat" | grep -F '"sha256":"' >"$tmp/named"
while IFS= read -r file; do
    digest=$(sha256sum <"$file" | cut -c 1-64)
    bytes=$(wc -c <"$file" | tr -d ' ')
    grep -F "\"sha256\":\"$digest\"" "$tmp/named" | grep -F "\"name\":\"${file#attachments/}\"" |
        grep -q -E "\"bytes\":$bytes *[,}]"
    verdict $? attachment "$file"
done <"$tmp/attached"
[ "$(grep -c . "$tmp/named")" -eq "$(grep -c . "$tmp/attached")" ]
verdict $? attachment attachments/

# --- status ------------------------------------------------------------------------------------------------------------------------------

jws status.jws kaiji-status+jws "$tmp/receipt.kids" status.newest
[ -f "$tmp/status.newest" ] && sed -E 's/"newest":\{[^}]*\},//' "$tmp/status.newest" >"$tmp/status"
[ -f "$tmp/statement" ] && says status log "$log" && says status statement_sha256 "$sha256" &&
    [ -f "$tmp/root.$(of status log_size)" ] && says status log_root "$(hex <"$tmp/root.$(of status log_size)")"
verdict $? status status.jws
case $(of status state) in
valid | valid_key_later_revoked | to_be_signed_again | withdrawn | superseded)
    echo "  状態: $(of status state)($(of status as_of) 現在)"
    ;;
*) verdict 1 status status.jws ;;
esac

# --- The end --------------------------------------------------------------------------------------------------------------------------------

echo "開示書 (SHA-256): $sha256"
echo "受領: $(of receipt received_at)"
echo "受領証の鍵 (kid): $(cut -d ' ' -f 1 "$tmp/receipt.kids" | tr '\n' ' ')"
echo "ログの鍵 (vkey): $(cat log.vkey 2>/dev/null)"
finish
