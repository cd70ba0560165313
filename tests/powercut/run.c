/* One run of one step: see run.h. */
#include "tests/powercut/run.h"

#include "apdu/tlv.h"
#include "euicc/os/card.h"
#include "tests/powercut/reference.h"
#include "tests/support/server.h"

static int64_t fixed_now(void *context)
{
    (void)context;
    return INT64_C(1700000000000);
}

struct softeuicc_hooks run_hooks(const struct cut_disk *disk)
{
    return (struct softeuicc_hooks){.now = fixed_now, .storage = cut_disk_name(disk)};
}

bool run_disturbed(const struct run *run)
{
    return cut_disk_is_off(run->disk) || cut_disk_has_failed(run->disk);
}

/* The answers of a card that could not read or store something: ISO/IEC 7816-4 5.6, and to class A0. */
static bool says_that_storage_failed(const uint8_t *rapdu, size_t size)
{
    const uint8_t sw1 = rapdu[size - 2];

    return sw1 == 0x65 || sw1 == 0x6F || sw1 == 0x92;
}

/* Stands between the terminal and the card, and keeps count. */
static void transmit(void *context, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                     size_t *rapdu_size)
{
    struct run *run = context;

    softeuicc_transmit(run->card, capdu, capdu_size, rapdu, rapdu_size);
    run->wrong = run->wrong || cut_disk_is_off(run->disk) ||
                 (run_disturbed(run) && says_that_storage_failed(rapdu, *rapdu_size));
    if (run->wrong)
        return;
    run->answered++;
    if (run->reference != NULL)
        reference_add(run->reference, run->card);
}

bool run_request(struct run *run, struct span octets)
{
    struct buf response = {0};
    uint16_t status = terminal_store_data(&run->terminal, octets, &response);

    buf_free(&response);
    return status == 0x9000;
}

/* Metadata with these members at its end. */
static struct buf metadata_with(const char *iccid, struct span further)
{
    struct buf plain = {0};
    struct buf metadata = {0};
    struct span content;
    size_t outer;

    server_put_metadata(&plain, iccid, "Operator", "Profile", -1);
    ck_assert_int_eq(tlv_single(buf_span(&plain), 0xBF25, &content), TLV_OK);
    outer = tlv_open(&metadata, 0xBF25);
    buf_append(&metadata, content);
    buf_append(&metadata, further);
    tlv_close(&metadata, outer);
    buf_free(&plain);
    return metadata;
}

bool run_download(struct run *run, const char *metadata_iccid, struct span package, struct span further)
{
    struct server_outcome outcome = {0};
    struct buf metadata = metadata_with(metadata_iccid, further);
    struct server server;
    bool done;

    server_init(&server, &run->terminal, run->ci, package, buf_span(&metadata));
    done = server_download(&server, &outcome);
    server_outcome_free(&outcome);
    server_free(&server);
    buf_free(&metadata);
    return done;
}

void run_in_a_row(struct run *run, const char *const *requests, size_t count)
{
    for (size_t i = 0; i < count && !run->wrong; i++)
        ck_assert_msg(run_request(run, hex(requests[i])) || run->wrong, "%s", requests[i]);
}

void run_command(struct run *run, struct span capdu, uint16_t expected)
{
    struct buf response = {0};
    char text[64];
    uint16_t status;

    if (run->wrong)
        return;
    status = terminal_command(&run->terminal, capdu, &response);
    ck_assert_msg(run->wrong || status == expected, "%s: %04X", hex_from_span(capdu, text, sizeof(text)),
                  status);
    buf_free(&response);
}

static void run_arm_late(struct run *run)
{
    if (run->late_fault != 0)
        cut_disk_fault(run->disk, run->late_fault, run->fault);
}

void run_live(struct run *run, void (*step)(struct run *run))
{
    struct softeuicc_hooks hooks = run_hooks(run->disk);
    struct softeuicc_error error = {SOFTEUICC_OK, ""};
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    run->card = softeuicc_open(RUN_CARD, &hooks, &error);
    if (run->card == NULL) {
        ck_assert_msg(run_disturbed(run), "%s", error.message);
        return;
    }
    if (run->reference != NULL)
        reference_begin(run->reference, run->card);
    softeuicc_reset(run->card, SOFTEUICC_COLD, atr, &size);
    run->terminal = (struct terminal){.card = run->card, .block = 255, .transmit = transmit, .context = run};
    /* A reset is an event of its own: it may show a profile for the first time, and then its files are
     * stored. */
    run->wrong = cut_disk_is_off(run->disk);
    if (run_disturbed(run) && !run->wrong) /* what the first could not store, the second does */
        softeuicc_reset(run->card, SOFTEUICC_COLD, atr, &size);
    if (!run->wrong) {
        run->answered++;
        if (run->reference != NULL)
            reference_add(run->reference, run->card);
        terminal_select(&run->terminal);
        run_arm_late(run);
        step(run);
    }
    softeuicc_close(run->card);
}

struct softeuicc *run_create(const struct test_ci *ci, const struct cut_disk *disk,
                             struct softeuicc_error *error)
{
    struct softeuicc_hooks hooks = run_hooks(disk);
    struct softeuicc_credentials credentials;
    struct softeuicc_parameters parameters = {.eid = TEST_EID,
                                              .credentials = &credentials,
                                              .credentials_count = 1,
                                              .default_smdp = "smdp.example.com"};
    struct softeuicc *card;
    struct buf key = {0};

    ck_assert(ec_key_to_pkcs8(ci->eum.key, &key));
    credentials = (struct softeuicc_credentials){.ci_cert = ci->ci.der.data,
                                                 .ci_cert_size = ci->ci.der.size,
                                                 .eum_cert = ci->eum.der.data,
                                                 .eum_cert_size = ci->eum.der.size,
                                                 .eum_key = key.data,
                                                 .eum_key_size = key.size};
    card = softeuicc_create_open(RUN_CARD, &parameters, &hooks, error);
    buf_free(&key);
    return card;
}
