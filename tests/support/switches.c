/* An eIM that switches between two profiles: see switches.h. */
#include "tests/support/switches.h"

#include "apdu/tlv.h"
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/profile_install.h"
#include "tests/support/profile.h"

#define PROFILES 2

static const char *const iccids[PROFILES] = {"8988211000000000011", "8988211000000000029"};

static void put_metadata(struct buf *out, const char *iccid, const char *address)
{
    uint8_t octets[ICCID_SIZE];
    size_t outer = tlv_open(out, 0xBF25);

    ck_assert(iccid_from_digits(iccid, octets));
    tlv_put(out, 0x5A, SPAN_ARRAY(octets));
    tlv_put_string(out, 0x91, "operator");
    tlv_put_string(out, 0x92, "profile");
    if (address != NULL) {
        size_t list = tlv_open(out, 0xB6);
        size_t entry = tlv_open(out, 0x30);

        tlv_put_bits(out, 0x80, (const uint8_t[]){0xF0}, 4);
        tlv_put_string(out, 0x81, address);
        tlv_close(out, entry);
        tlv_close(out, list);
    }
    tlv_close(out, outer);
}

static void install(struct softeuicc *card, const char *iccid, const char *address)
{
    struct profile_metadata metadata;
    struct saip_package package;
    struct saip_failure failure;
    const struct profile_installation installation = {
        .metadata = &metadata, .package = &package, .smdp_address = SPAN_STRING("smdp.example.com")};
    uint8_t aid[ISDP_AID_SIZE];
    struct buf octets = {0};
    size_t offset;

    put_metadata(&octets, iccid, address);
    ck_assert(profile_metadata_parse(buf_span(&octets), &metadata, &offset));
    ck_assert(saip_decode(test_profile(iccid), &package, &failure));
    ck_assert_int_eq(profile_install(card, &installation, aid), PROFILE_INSTALLED);
    ck_assert(nvm_commit(card->nvm));
    saip_free(&package);
    buf_free(&octets);
}

void switches_open(struct switches *switches, const char *path, const char *address)
{
    *switches = (struct switches){.notifies = address != NULL};
    test_ci_make(&switches->ci, EC_CURVE_P256);
    switches->card = test_card(path, &switches->ci, 1, 0);
    for (size_t i = 0; i < PROFILES; i++)
        install(switches->card, iccids[i], address);
    test_eim_open(&switches->eim, "eim.example.com", EC_CURVE_P256);
    test_eim_associate(&switches->eim, switches->card, false, SPAN_NONE);
    switches_reset(switches);
    /* From here on every switch has another profile to displace. */
    for (size_t i = 0; i < PROFILES; i++) {
        switches_one(switches);
        switches_acknowledge(switches);
    }
}

void switches_close(struct switches *switches)
{
    test_eim_close(&switches->eim);
    softeuicc_close(switches->card);
    test_ci_free(&switches->ci);
}

void switches_reset(struct switches *switches)
{
    switches->terminal = terminal_start(switches->card, SOFTEUICC_COLD);
}

/* enable { 5A iccid, [05 00] }: the first two have nothing to roll back to, or nobody asks for it. */
static void put_enable(struct buf *out, const struct switches *switches)
{
    uint8_t iccid[ICCID_SIZE];
    size_t at = tlv_open(out, 0xA3);

    ck_assert(iccid_from_digits(iccids[switches->count % PROFILES], iccid));
    tlv_put(out, 0x5A, SPAN_ARRAY(iccid));
    if (switches->notifies && switches->count >= PROFILES)
        tlv_put(out, 0x05, SPAN_NONE);
    tlv_close(out, at);
}

void switches_put(struct switches *switches, struct buf *request)
{
    struct buf list = {0};

    put_enable(&list, switches);
    test_package_put(request, &switches->eim, &(struct test_package){.list = buf_span(&list)});
    buf_free(&list);
}

void switches_one(struct switches *switches)
{
    struct buf request = {0};
    struct buf answer = {0};
    struct test_package_result result;

    switches_put(switches, &request);
    ck_assert_uint_eq(terminal_store_data(&switches->terminal, buf_span(&request), &answer), 0x9000);
    test_result_read(&switches->eim, switches->card, SPAN_ARRAY(switches->ci.key_id), buf_span(&answer),
                     &result);
    ck_assert_int_eq(result.kind, RESULT_SIGNED);
    ck_assert_span(result.results, SPAN_STRING("\x83\x01\x00"));
    ck_assert_uint_eq((uint64_t)result.sequence, switches->numbers + 1);
    switches->count++;
    buf_free(&request);
    buf_free(&answer);
}

static void acknowledge(struct switches *switches, uint64_t sequence)
{
    struct buf request = {0};
    struct buf answer = {0};
    size_t outer = tlv_open(&request, 0xBF30);

    tlv_put_unsigned(&request, 0x80, sequence);
    tlv_close(&request, outer);
    ck_assert_uint_eq(terminal_store_data(&switches->terminal, buf_span(&request), &answer), 0x9000);
    ck_assert_span(buf_span(&answer), SPAN_STRING("\xBF\x30\x03\x80\x01\x00"));
    buf_free(&request);
    buf_free(&answer);
}

/* The result, and after it one notification of each profile that was changed:
 * the first switch disabled none. */
void switches_acknowledge(struct switches *switches)
{
    unsigned notifications = !switches->notifies ? 0 : switches->count == 1 ? 1 : 2;

    for (unsigned i = 0; i <= notifications; i++)
        acknowledge(switches, ++switches->numbers);
}
