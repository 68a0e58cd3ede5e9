#!/bin/sh
# Makes a certificate authority, and with it a certificate for the SBC and one for the Account Manager.
#   sh certificates.sh FOLDER NAME...      NAME: the host names and IP addresses by which the SBC is called
# An authority that FOLDER already has is used again.
set -eu
umask 077

[ $# -ge 2 ] || { echo "Usage: sh certificates.sh FOLDER NAME..." >&2; exit 2; }
mkdir -p "$1"
cd "$1"
shift

names=""
for name in "$@"; do
    case "$name" in
        "" | *[!A-Za-z0-9.-]*) echo "Not a host name or IPv4 address: $name" >&2; exit 2 ;;
        *[!0-9.]*) names="$names,DNS:$name" ;;
        *) names="$names,IP:$name" ;;
    esac
done

key() { [ -e "$1" ] || openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

# issue FILE COMMON-NAME EXTENSION...
issue() {
    file=$1 common_name=$2
    shift 2
    key "$file.key"
    printf '%s\n' "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" "$@" >"$file.ext"
    openssl req -new -key "$file.key" -subj "/CN=$common_name" |
        openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 825 -extfile "$file.ext" -out "$file.pem" \
            2>/dev/null
    rm "$file.ext"
}

key ca.key
[ -e ca.pem ] || openssl req -x509 -new -key ca.key -days 3650 -subj "/CN=Account Manager SBC authority" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
issue server sbc "extendedKeyUsage=serverAuth" "subjectAltName=${names#,}"
# The SBC accepts only this common name.
issue client "${CLIENT_NAME:-account-manager}" "extendedKeyUsage=clientAuth"
