/* Members of ES9+ in ASN.1 (SGP.22 6.6), which ESipa shares where its functions are the same (SGP.32 6.3.2).
 * See es9p.h. */
#include "protocol/es9p.h"

#include "apdu/tlv.h"

/* Reading (X.680 31.2.7): a member [56] of a type that is a [56] CHOICE itself has that tag once. There are
 * encoders that write it twice, or around the member's own tag; the object that is meant is inside then. */
static struct span object_meant(uint32_t own, const struct tlv *tlv)
{
    struct span ignored;

    return tlv_single(tlv->value, own, &ignored) == TLV_OK ? tlv->value : tlv->whole;
}

/* Reading (6.6.2.9 and as above): there are encoders that keep the object's own tag, or put nothing around
 * it. */
static bool read_tagged(const struct es9p_member *member, const struct tlv *tlv, struct buf *out)
{
    struct span ignored;

    if (member->own == 0)
        buf_append(out, tlv->tag == member->tag ? tlv->value : tlv->whole);
    else if (tlv->tag == member->own || tlv_single(tlv->value, member->own, &ignored) == TLV_OK)
        buf_append(out, object_meant(member->own, tlv));
    else if (tlv->tag == member->tag)
        tlv_put(out, member->own, tlv->value);
    else
        return false;
    return true;
}

static bool read_member(const struct es9p_member *member, const struct tlv *tlv, struct buf *out)
{
    if (member->kind == ES9P_TAGGED)
        return read_tagged(member, tlv, out);
    if (tlv->tag != member->tag)
        return false;
    buf_append(out, member->kind == ES9P_OBJECT ? object_meant(member->tag, tlv) : tlv->value);
    return true;
}

bool es9p_read_asn1(const struct es9p_member *members, struct span content, struct es9p_message *message,
                    const struct es9p_member **missing)
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv tlv;
    size_t i = 0;

    for (; members[i].name != NULL; i++) {
        *missing = &members[i];
        if (members[i].optional && tlv_peek(&reader) != members[i].tag)
            continue;
        if (tlv_next(&reader, &tlv) != TLV_OK || !read_member(&members[i], &tlv, &message->part[i]) ||
            message->part[i].failed)
            return false;
    }
    return tlv_skip_rest(&reader);
}

void es9p_put_asn1(const struct es9p_member *members, const struct span *values, struct buf *out)
{
    struct span content = SPAN_NONE;

    for (size_t i = 0; members[i].name != NULL; i++) {
        if (members[i].optional && values[i].size == 0)
            continue;
        if (members[i].kind == ES9P_OBJECT)
            buf_append(out, values[i]);
        else if (members[i].own != 0 && tlv_single(values[i], members[i].own, &content) == TLV_OK)
            tlv_put(out, members[i].tag, content);
        else
            tlv_put(out, members[i].tag, values[i]);
    }
}
