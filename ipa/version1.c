/*
 * Named leniencies towards eIMs of SGP.32 v1.0 (ipa_settings.v1): values that they hand on with the tag and
 * length which they have in another object. What v1.0 itself codes otherwise stands where the message is
 * made.
 */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#define CI_KEY_ID_SIZE 20
#define SIGNATURE_SIZE 64 /* of both curves */

static struct span unwrap(bool v1, struct span value, uint32_t tag, size_t size)
{
    struct span inner;

    return v1 && tlv_single(value, tag, &inner) == TLV_OK && inner.size == size ? inner : value;
}

/* As it stands inside of a certificate. One of 22 octets that begins so is never an identifier itself: it is
 * the SHA-1 of a key. */
struct span ipa_ci_key_id(bool v1, struct span value)
{
    return unwrap(v1, value, TAG_OCTET_STRING, CI_KEY_ID_SIZE);
}

/* As an SM-DP+ gives it over ES9+, in base64 with its tag. */
struct span ipa_signature(bool v1, struct span value)
{
    return unwrap(v1, value, TAG_SIGNATURE, SIGNATURE_SIZE);
}
