/* A Bound Profile Package in segments. See bpp_segments.h. */
#include "protocol/bpp_segments.h"
#include "protocol/tags.h"

#define TAG_SEQUENCE_OF_88 0xA1
#define TAG_SEQUENCE_OF_86 0xA3

bool bpp_segments_begin(struct bpp_segments *segments, struct span package)
{
    struct span content;
    struct tlv part;

    *segments = (struct bpp_segments){.first = SPAN_NONE};
    if (tlv_single(package, TAG_BOUND_PROFILE_PACKAGE, &content) != TLV_OK)
        return false;
    segments->parts = tlv_reader(content);
    segments->blocks = tlv_reader(SPAN_NONE);
    if (tlv_next(&segments->parts, &part) != TLV_OK || part.tag != TAG_INITIALISE_SECURE_CHANNEL)
        return false;
    segments->first = SPAN(package.data, (size_t)(part.whole.data + part.whole.size - package.data));
    return true;
}

enum tlv_status bpp_segments_next(struct bpp_segments *segments, struct span *segment)
{
    struct tlv part;
    enum tlv_status status;

    if (segments->first.data != NULL) {
        *segment = segments->first;
        segments->first = SPAN_NONE;
        return TLV_OK;
    }
    status = tlv_next(&segments->blocks, &part);
    if (status == TLV_OK) {
        *segment = part.whole;
        return TLV_OK;
    }
    if (status != TLV_END)
        return status;
    status = tlv_next(&segments->parts, &part);
    if (status != TLV_OK)
        return status;
    *segment = part.whole;
    if (part.tag == TAG_SEQUENCE_OF_88 || part.tag == TAG_SEQUENCE_OF_86) {
        segment->size = part.whole.size - part.value.size;
        segments->blocks = tlv_reader(part.value);
    }
    return TLV_OK;
}
