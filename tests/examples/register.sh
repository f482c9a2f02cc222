#!/usr/bin/env bash
# A whole register in shell, with mosquitto_rr of Debian's mosquitto-clients and jq: sign on, items by barcode, cash.
#
#   REGISTER_PASSWORD=... REGISTER_PIN=... STAFF_ID=... ./register.sh 2000000000015 2000000000022
#
# HOST, PORT, STORE and LOGIN may be set too; CASH is what the customer hands over, in cents.

set -euo pipefail

login=${LOGIN:-till-1} root=tillwire/v1/${STORE:-store} token=
NOT_AUTHORIZED=135
new_id() { cat /proc/sys/kernel/random/uuid; }

# ask SERVICE NAME JSON - sends one request, again under the same id until the answer is final, and prints the reply.
ask() {
    local id attempt reply code
    id=$(new_id)
    for attempt in {1..20}; do
        # Options in ~/.config/mosquitto_rr would keep the password out of the list of processes.
        reply=$(mosquitto_rr -V 5 -h "${HOST:-127.0.0.1}" -p "${PORT:-1884}" -i "$login" -u "$login" -P "$REGISTER_PASSWORD" \
            --nodelay -q 1 -W "${PATIENCE:-5}" -t "$root/request/$1/$2/$login" -e "$root/reply/$login/$1" -m "$3" -F '%D %p' \
            -D publish correlation-data "$id/$attempt" -D publish message-expiry-interval "${PATIENCE:-5}" \
            -D publish user-property id "$id" ${token:+-D publish user-property token "$token"}) ||
            { (($? == NOT_AUTHORIZED)) && return 1; echo "$2: no answer, asking again with the same id" >&2; continue; }
        [[ $reply == "$id/"* ]] || continue # a late answer to another request
        reply=${reply#* }
        code=$(jq -r 'if .type == "rejected" then .code else "" end' <<<"$reply")
        case $code in
            '') printf '%s\n' "$reply" && return ;;
            busy | unavailable | internal-error | expired) sleep 0.5 ;;
            *) jq -r '"rejected, \(.code): \(.message) \(.details)"' <<<"$reply" >&2 && return 1 ;;
        esac
    done
    echo "$1 gave no final answer to $2" >&2
    return 1
}

token=$(ask staff sign-on "{\"staff_id\": \"$STAFF_ID\", \"pin\": \"$REGISTER_PIN\"}" | jq -r .token)
sale=\"sale_id\":\"$(new_id)\"
ask checkout open-sale "{$sale}" >/dev/null
for barcode in "$@"; do
    ask checkout add-line-item "{$sale, \"line_item_id\": \"$(new_id)\", \"item\": \"$barcode\"}" >/dev/null
done
ask checkout check-sale "{$sale, \"tender_kind\": \"cash\"}" >/dev/null
ask checkout add-tender "{$sale, \"tender_id\": \"$(new_id)\", \"kind\": \"cash\", \"amount\": ${CASH:-2000}}" >/dev/null
ask checkout complete-sale "{$sale}" | jq -r '"\(.receipt_number) \(.totals.total) \(.totals.change) \(.currency)"'
