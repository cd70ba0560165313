/*
 * ES10b.LoadBoundProfilePackage (SGP.22 2.5.5, 5.7.6): the package as a stream of data objects, whose
 * boundaries normally agree with the segments: BF36 with BF23, A0 with its 87s, A1's header, each 88, A2 with
 * its 87s, A3's header, each 86. A segment may also hold more than one of these, but never a part of BF23 or
 * of a block. What the commands inside mean is in bpp_command.c.
 */
#include "euicc/rsp/bpp.h"

#include "apdu/tlv.h"
#include "euicc/rsp/es10.h"
#include "protocol/tags.h"

#include <stdlib.h>

#define CONFIGURE_ISDP_MAX 512 /* its only member has 128 octets at most (SGP.22 5.5.2) */
/* Icon and names have 1150 octets at most; the rest is notification addresses. */
#define STORE_METADATA_MAX       8192
#define REPLACE_SESSION_KEYS_MAX 512

/* The four sequences of a package in their order, SGP.22 2.5.4. */
static const struct sequence {
    uint32_t tag, block_tag;
    enum bpp_command command;
    bool optional;
    size_t plain_max; /* 0: as much as there is free memory for profiles */
    enum bpp_reason (*run)(struct softeuicc *card, struct span octets);
} sequences[] = {
    {0xA0, 0x87, BPP_CONFIGURE_ISDP, false, CONFIGURE_ISDP_MAX, bpp_configure_isdp},
    {0xA1, 0x88, BPP_STORE_METADATA, false, STORE_METADATA_MAX, bpp_store_metadata},
    {0xA2, 0x87, BPP_REPLACE_SESSION_KEYS, true, REPLACE_SESSION_KEYS_MAX, bpp_replace_session_keys},
    {0xA3, 0x86, BPP_LOAD_PROFILE_ELEMENTS, false, 0, bpp_load_profile_elements},
};

#define SEQUENCES (sizeof(sequences) / sizeof(sequences[0]))

static bool begins_package(struct span octets)
{
    return octets.size > 1 && (octets.data[0] << 8 | octets.data[1]) == TAG_BOUND_PROFILE_PACKAGE;
}

bool es10b_is_bpp_segment(const struct softeuicc *card, struct span octets)
{
    if (begins_package(octets))
        return true;
    if (rsp_session_stage(card) != RSP_LOADING || octets.size == 0)
        return false;
    for (size_t i = 0; i < SEQUENCES; i++) {
        if (octets.data[0] == sequences[i].tag || octets.data[0] == sequences[i].block_tag)
            return true;
    }
    return false;
}

/* The first segment begins with the package's own header and holds BF23 whole. *used: octets of both. */
static enum bpp_reason bpp_begin(struct softeuicc *card, struct span segment, size_t *used)
{
    struct bpp_load *load = card->rsp->load;
    size_t header;
    size_t content;
    uint32_t tag;
    struct tlv_reader reader;
    struct span request;

    if (tlv_header(segment, &tag, &header, &content) != TLV_OK)
        return BPP_INCORRECT_INPUT_VALUES;
    reader = tlv_reader(SPAN(segment.data + header, segment.size - header));
    if (!tlv_require(&reader, TAG_INITIALISE_SECURE_CHANNEL, &request) || reader.offset > content)
        return BPP_INCORRECT_INPUT_VALUES;
    *used = header + reader.offset;
    load->remaining = content - reader.offset;
    return bpp_initialise_secure_channel(card, request);
}

/* The header of the next sequence; an optional one may be left out. */
static enum bpp_reason open_sequence(struct softeuicc *card, struct span segment, size_t *used)
{
    struct bpp_load *load = card->rsp->load;
    size_t header = 0;
    size_t content = 0;
    uint32_t tag = 0;
    enum tlv_status status = tlv_header(segment, &tag, &header, &content);

    if (sequences[load->sequence].optional && tag != sequences[load->sequence].tag)
        load->sequence++;
    if (status != TLV_OK || tag != sequences[load->sequence].tag || header > load->remaining ||
        content > load->remaining - header)
        return BPP_SCP03T_STRUCTURE_ERROR;
    load->remaining -= header;
    /* The last one ends the package. */
    if (load->sequence == SEQUENCES - 1 && content != load->remaining)
        return BPP_SCP03T_STRUCTURE_ERROR;
    load->sequence_open = true;
    load->sequence_remaining = content;
    load->plain_max = sequences[load->sequence].plain_max;
    if (load->plain_max == 0)
        load->plain_max = (size_t)profile_free_nvm(card);
    *used = header;
    return BPP_OK;
}

/* One block 86, 87 or 88. */
static enum bpp_reason take_block(struct bpp_load *load, struct span segment, size_t *used)
{
    const struct sequence *sequence = &sequences[load->sequence];
    struct tlv_reader reader = tlv_reader(segment);
    struct tlv block;

    if (tlv_next(&reader, &block) != TLV_OK || block.tag != sequence->block_tag ||
        block.whole.size > load->sequence_remaining)
        return BPP_SCP03T_STRUCTURE_ERROR;
    switch (scp03t_open(load->channel, (uint8_t)block.tag, block.value, &load->plain)) {
    case SCP03T_OK:
        break;
    case SCP03T_BAD_MAC:
        return BPP_SCP03T_SECURITY_ERROR;
    case SCP03T_NO_MEMORY:
        return BPP_NO_RESOURCES;
    default:
        return BPP_SCP03T_STRUCTURE_ERROR;
    }
    if (load->plain.failed)
        return BPP_NO_RESOURCES;
    if (load->plain.size > load->plain_max)
        return sequence->plain_max == 0 ? BPP_INSUFFICIENT_MEMORY : BPP_INCORRECT_INPUT_VALUES;
    load->sequence_remaining -= block.whole.size;
    load->remaining -= block.whole.size;
    *used = block.whole.size;
    return BPP_OK;
}

/* All blocks of the sequence are there: its command runs. */
static enum bpp_reason close_sequence(struct softeuicc *card)
{
    struct bpp_load *load = card->rsp->load;
    enum bpp_reason reason = sequences[load->sequence].run(card, buf_span(&load->plain));

    buf_wipe(&load->plain);
    if (reason == BPP_OK) {
        load->sequence_open = false;
        load->sequence++;
    }
    return reason;
}

/* Takes the objects of one segment. *command says whose error it is. */
static enum bpp_reason bpp_take(struct softeuicc *card, struct span segment, enum bpp_command *command)
{
    struct bpp_load *load = card->rsp->load;
    size_t offset = 0;

    while (offset < segment.size) {
        struct span rest = SPAN(segment.data + offset, segment.size - offset);
        enum bpp_reason reason;
        size_t used = 0;

        if (load->sequence_open)
            reason = take_block(load, rest, &used);
        else
            reason = open_sequence(card, rest, &used);
        offset += used;
        *command = sequences[load->sequence].command;
        if (reason != BPP_OK)
            return reason;
        if (load->sequence_remaining > 0)
            continue;
        /* Nothing is installed from a segment that goes on after the package's end. */
        if (load->sequence == SEQUENCES - 1 && offset < segment.size)
            return BPP_SCP03T_STRUCTURE_ERROR;
        reason = close_sequence(card);
        if (reason != BPP_OK)
            return reason;
    }
    return BPP_OK;
}

uint16_t es10b_load_bpp_segment(struct softeuicc *card, struct span segment, struct buf *response)
{
    bool first = begins_package(segment);
    enum bpp_command command = BPP_INITIALISE_SECURE_CHANNEL;
    enum bpp_reason reason = BPP_OK;
    struct rsp_session *session = card->rsp;
    size_t used = 0;

    if (rsp_session_stage(card) == RSP_LOADING && first) {
        /* Reading: a package that starts over is the interruption of the one before. */
        if (session->load->sequence < SEQUENCES)
            command = sequences[session->load->sequence].command;
        return bpp_finish(card, command, BPP_INTERRUPTION, response);
    }
    if (rsp_session_stage(card) != (first ? RSP_PREPARED : RSP_LOADING)) {
        rsp_session_end(card);
        return SW_CONDITIONS_NOT_SATISFIED;
    }
    if (first) {
        session->load = calloc(1, sizeof(*session->load));
        if (session->load == NULL)
            return ES10_FAILED;
        session->stage = RSP_LOADING;
        reason = bpp_begin(card, segment, &used);
    }
    if (reason == BPP_OK)
        reason = bpp_take(card, SPAN(segment.data + used, segment.size - used), &command);
    if (reason != BPP_OK || session->load->sequence == SEQUENCES)
        return bpp_finish(card, command, reason, response);
    return ES10_OK;
}
