/*
 * Bound Profile Packages after a real mutual authentication and PrepareDownload, which are done once per
 * process: the session in the card's RAM is then put back before each input. Input: one octet of options and
 * pieces with 16-bit lengths. Sealed (bit 0 clear): the pieces are ConfigureISDP, StoreMetadata,
 * ReplaceSessionKeys and the profile package, which the server protects with the session's keys, so that the
 * fuzzer gets behind the MAC. As they are (bit 0 set): the pieces are segments that follow the server's own
 * first one.
 */
#include "apdu/tlv.h"
#include "euicc/lifecycle/session.h"
#include "euicc/profile/profile_store.h"
#include "tests/fuzz/fuzz_card.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"

#include <stdlib.h>

enum {
    OPTION_RAW = 0x01,
    OPTION_REPLACE_KEYS = 0x02,
    OPTION_SMALL_BLOCKS = 0x04,
    OPTION_WHOLE = 0x08,
    OPTION_JOINED = 0x10,
    OPTION_HONEST_METADATA = 0x20, /* only the package is the fuzzer's */
    OPTION_DAMAGE = 0x40,          /* the last piece says which octet of which segment is changed */
};

#define SMALL_BLOCK 40
#define ICCID       "8988211000000000037"

/* What the fault function needs; it has no parameter of ours. */
static struct pieces {
    uint8_t options;
    struct span configuration, metadata, keys, package;
} pieces;

static void replace(struct buf *octets, struct span piece)
{
    buf_clear(octets);
    buf_append(octets, piece);
}

/* SERVER_REPLACE_KEYS: the server goes on with the keys that the card will take from the piece, if it takes
 * them. */
static void remember_keys(struct server *server)
{
    static const uint32_t tags[] = {0x80, 0x81, 0x82};
    uint8_t *const keys[] = {server->keys.chain, server->keys.enc, server->keys.mac};
    struct span content;
    struct span value;

    if (tlv_single(pieces.keys, 0xBF26, &content) != TLV_OK)
        return;
    for (size_t i = 0; i < 3; i++)
        if (tlv_find(content, tags[i], &value) && value.size == 16)
            for (size_t j = 0; j < 16; j++)
                keys[i][j] = value.data[j];
}

static void fault(struct server *server, enum server_point point, struct buf *octets)
{
    bool honest = (pieces.options & OPTION_HONEST_METADATA) != 0;

    if (point == SERVER_CONFIGURE && !honest)
        replace(octets, pieces.configuration);
    if (point == SERVER_METADATA && !honest)
        replace(octets, pieces.metadata);
    if (point == SERVER_REPLACE_KEYS && !honest)
        replace(octets, pieces.keys);
    if (point == SERVER_KEYS_REPLACED && !honest)
        remember_keys(server);
    if (point == SERVER_PACKAGE)
        replace(octets, pieces.package);
}

/* The fuzzer's own segments after the first. */
static void take_segments(struct server *server, struct span in)
{
    size_t count = 1;

    for (size_t i = 1; i < server->segments_count; i++)
        buf_free(&server->segments[i]);
    while (in.size > 0 && count < 64) {
        struct buf *more = realloc(server->segments, (count + 1) * sizeof(*more));
        struct span piece = fuzz_piece(&in);

        fuzz_check(more != NULL);
        server->segments = more;
        more[count] = (struct buf){0};
        buf_append(&more[count++], piece);
    }
    server->segments_count = count;
}

/* One octet of one segment becomes another. */
static void damage(struct server *server, struct span in)
{
    struct buf *segment = &server->segments[fuzz_octet(&in) % server->segments_count];
    size_t offset = (size_t)fuzz_octet(&in) << 8;

    offset |= fuzz_octet(&in);
    if (segment->size > 0)
        segment->data[offset % segment->size] ^= fuzz_octet(&in);
}

static void trace_load(struct server *server, struct server_outcome *outcome)
{
    (void)server_load(server, 0, server->segments_count, outcome);
    fuzz_trace(SPAN(&outcome->status, sizeof(outcome->status)));
    fuzz_trace(SPAN(&outcome->segments_sent, sizeof(outcome->segments_sent)));
    fuzz_trace(buf_span(&outcome->response));
}

static void load(struct server *server, struct span in)
{
    struct server_outcome outcome = {0};

    pieces.configuration = fuzz_piece(&in);
    pieces.metadata = fuzz_piece(&in);
    pieces.keys = fuzz_piece(&in);
    pieces.package = (pieces.options & OPTION_DAMAGE) != 0 ? fuzz_piece(&in) : in;
    server->fault = fault;
    server_bind(server);
    if ((pieces.options & OPTION_DAMAGE) != 0)
        damage(server, in);
    trace_load(server, &outcome);
    server_outcome_free(&outcome);
}

static void load_raw(struct server *server, struct span in)
{
    struct server_outcome outcome = {0};

    server_bind(server);
    take_segments(server, in);
    server->has_other_segments = true;
    trace_load(server, &outcome);
    server->has_other_segments = false;
    server_outcome_free(&outcome);
}

/* --- the session after PrepareDownload, kept for the next input --- */

static struct kept {
    struct rsp_session session; /* what it owns is not in it but in what follows */
    struct buf server_oid, server_address, dp_pb;
    struct ec_key *otpk;
} kept;

static void keep_session(const struct rsp_session *session)
{
    fuzz_check(session->stage == RSP_PREPARED && session->load == NULL);
    kept.session = *session;
    buf_append(&kept.server_oid, buf_span(&session->server_oid));
    buf_append(&kept.server_address, buf_span(&session->server_address));
    buf_append(&kept.dp_pb, cert_der(session->dp_pb));
    kept.otpk = ec_key_share(session->otpk);
}

static void restore_session(struct softeuicc *card)
{
    enum cert_status status;
    uint8_t challenge[RSP_CHALLENGE_SIZE];

    fuzz_check(rsp_session_start(card, challenge));
    *card->rsp = kept.session;
    card->rsp->server_oid = (struct buf){0};
    card->rsp->server_address = (struct buf){0};
    buf_append(&card->rsp->server_oid, buf_span(&kept.server_oid));
    buf_append(&card->rsp->server_address, buf_span(&kept.server_address));
    card->rsp->dp_pb = cert_parse(buf_span(&kept.dp_pb), &status);
    card->rsp->otpk = ec_key_share(kept.otpk);
    fuzz_check(card->rsp->dp_pb != NULL);
}

static void make_session(struct server *server, struct terminal *terminal)
{
    static struct buf metadata;
    struct server_outcome outcome = {0};

    *terminal = terminal_start(fuzz_card(SOFTEUICC_T1), SOFTEUICC_COLD);
    server_put_metadata(&metadata, ICCID, "operator", "profile", PROFILE_OPERATIONAL);
    server_init(server, terminal, fuzz_ci(), test_profile(ICCID), buf_span(&metadata));
    fuzz_check(server_authenticate(server, &outcome) && server_prepare(server, &outcome));
    server_outcome_free(&outcome);
    server_bind(server); /* makes the key that all inputs are bound with */
    server->keeps_otsk = true;
    fuzz_card_keep();
    keep_session(terminal->card->rsp);
}

/* Each input meets a copy of the one session. */
static struct server *prepare(void)
{
    static struct server server;
    static struct terminal terminal;

    if (server.terminal == NULL)
        make_session(&server, &terminal);
    terminal = terminal_start(fuzz_card(SOFTEUICC_T1), SOFTEUICC_COLD);
    restore_session(terminal.card);
    return &server;
}

static void drop_segments(struct server *server)
{
    for (size_t i = 0; i < server->segments_count; i++)
        buf_free(&server->segments[i]);
    free(server->segments);
    server->segments = NULL;
    server->segments_count = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    struct server *server = prepare();

    pieces = (struct pieces){.options = fuzz_octet(&in)};
    server->replace_keys = (pieces.options & OPTION_REPLACE_KEYS) != 0;
    server->plain_max = (pieces.options & OPTION_SMALL_BLOCKS) != 0 ? SMALL_BLOCK : 0;
    server->segmentation = SEGMENTS_STANDARD;
    if ((pieces.options & OPTION_JOINED) != 0)
        server->segmentation = SEGMENTS_JOINED;
    if ((pieces.options & OPTION_WHOLE) != 0)
        server->segmentation = SEGMENTS_WHOLE;
    server->fault = NULL;
    if ((pieces.options & OPTION_RAW) != 0)
        load_raw(server, in);
    else
        load(server, in);
    drop_segments(server);
    fuzz_card_done();
    return 0;
}
