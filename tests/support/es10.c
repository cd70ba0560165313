/* A card with profiles on it, and ES10 requests to it: see es10.h. */
#include "tests/support/es10.h"

#include "apdu/tlv.h"
#include "euicc/isdr/es10.h"
#include "tests/support/profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define REQUEST_TEXT_MAX 8192

void es10_open(struct es10_bench *bench, size_t ci_count, uint64_t free_nvm)
{
    static const enum ec_curve curves[] = {EC_CURVE_P256, EC_CURVE_BRAINPOOL_P256R1};

    *bench = (struct es10_bench){.ci_count = ci_count};
    for (size_t i = 0; i < ci_count; i++)
        test_ci_make(&bench->cis[i], curves[i]);
    bench->card = test_card(":memory:", bench->cis, ci_count, free_nvm);
    bench->terminal = terminal_start(bench->card, SOFTEUICC_COLD);
}

void es10_close(struct es10_bench *bench)
{
    softeuicc_close(bench->card);
    for (size_t i = 0; i < bench->ci_count; i++)
        test_ci_free(&bench->cis[i]);
}

__attribute__((format(printf, 1, 0))) static struct span format_request(const char *format, va_list arguments)
{
    static char text[REQUEST_TEXT_MAX];
    int size = vsnprintf(text, sizeof(text), format, arguments);

    ck_assert(size >= 0 && (size_t)size < sizeof(text));
    return hex(text);
}

uint16_t es10_send(struct es10_bench *bench, struct span request, struct buf *response)
{
    return terminal_store_data(&bench->terminal, request, response);
}

struct span es10(struct es10_bench *bench, const char *format, ...)
{
    struct buf *response = test_buf();
    va_list arguments;
    uint16_t status;

    va_start(arguments, format);
    status = es10_send(bench, format_request(format, arguments), response);
    va_end(arguments);
    ck_assert_msg(status == 0x9000, "%s: %04X", format, status);
    return buf_span(response);
}

uint16_t es10_refused(struct es10_bench *bench, const char *format, ...)
{
    struct buf *response = test_buf();
    va_list arguments;
    uint16_t status;

    va_start(arguments, format);
    status = es10_send(bench, format_request(format, arguments), response);
    va_end(arguments);
    ck_assert_uint_eq(response->size, 0);
    return status;
}

static void sweep_raw(struct es10_bench *bench, struct span request)
{
    for (size_t size = 1; size < request.size; size++) {
        struct buf response = {0};

        ck_assert_uint_eq(es10_send(bench, SPAN(request.data, size), &response), ES10_BAD_REQUEST);
        ck_assert_uint_eq(response.size, 0);
        buf_free(&response);
    }
}

/* The shortened content in its own outer object, straight to the dispatcher,
 * so that nothing of it is kept. */
static uint16_t dispatch_cut(struct es10_bench *bench, uint32_t tag, struct span content)
{
    struct buf request = {0};
    struct buf response = {0};
    uint16_t status;

    tlv_put(&request, tag, content);
    status = es10_dispatch(bench->card, buf_span(&request), &response);
    nvm_rollback(bench->card->nvm);
    buf_free(&request);
    buf_free(&response);
    return status;
}

void es10_sweep(struct es10_bench *bench, const char *format, ...)
{
    struct tlv_reader reader;
    struct span tables = es10_tables(bench);
    struct span request;
    struct tlv whole;
    va_list arguments;

    va_start(arguments, format);
    request = format_request(format, arguments);
    va_end(arguments);
    reader = tlv_reader(request);
    ck_assert_int_eq(tlv_next(&reader, &whole), TLV_OK);
    ck_assert_uint_eq(dispatch_cut(bench, whole.tag, whole.value), ES10_OK);
    sweep_raw(bench, request);
    for (size_t size = 0; size < whole.value.size; size++) {
        struct span content = SPAN(whole.value.data, size);
        struct tlv_reader members = tlv_reader(content);
        uint16_t status = dispatch_cut(bench, whole.tag, content);

        if (!tlv_skip_rest(&members))
            ck_assert_uint_eq(status, ES10_BAD_REQUEST);
        ck_assert(status == ES10_BAD_REQUEST || status == ES10_OK);
    }
    ck_assert_span(es10_tables(bench), tables);
}

static void put_configuration(struct buf *out, const char *address, unsigned operations)
{
    uint8_t bits = 0;
    size_t at = tlv_open(out, 0x30);

    for (unsigned bit = 0; bit < 4; bit++)
        if ((operations >> bit & 1) != 0)
            bits |= (uint8_t)(0x80 >> bit);
    tlv_put_bits(out, 0x80, &bits, 4);
    tlv_put_string(out, 0x81, address);
    tlv_close(out, at);
}

static void put_configurations(struct buf *out, const struct es10_profile *profile)
{
    size_t at;

    if (profile->address == NULL)
        return;
    at = tlv_open(out, 0xB6);
    put_configuration(out, profile->address, profile->operations);
    if (profile->address2 != NULL)
        put_configuration(out, profile->address2, 15);
    tlv_close(out, at);
}

struct span es10_metadata(const struct es10_profile *profile)
{
    const uint8_t rules = (uint8_t)((profile->ppr1 ? 0x40 : 0) | (profile->ppr2 ? 0x20 : 0));
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, 0xBF25);

    tlv_put(out, 0x5A, hex(es10_iccid(profile->iccid)));
    tlv_put_string(out, 0x91, "Operator");
    tlv_put_string(out, 0x92, profile->name != NULL ? profile->name : "Name");
    if (profile->icon.size > 0) {
        tlv_put_unsigned(out, 0x93, 1);
        tlv_put(out, 0x94, profile->icon);
    }
    if (profile->test || profile->provisioning)
        tlv_put_unsigned(out, 0x95, profile->test ? PROFILE_TEST : PROFILE_PROVISIONING);
    put_configurations(out, profile);
    buf_append(out, profile->further);
    if (rules != 0)
        tlv_put_bits(out, 0x99, &rules, 3);
    tlv_close(out, outer);
    return buf_span(out);
}

enum profile_install_status es10_try_install(struct es10_bench *bench, const struct es10_profile *profile)
{
    struct profile_metadata metadata;
    struct saip_failure failure;
    struct saip_package package;
    struct profile_installation installation = {.metadata = &metadata,
                                                .package = &package,
                                                .isdp_configuration = profile->configuration,
                                                .smdp_oid = hex("8837 0A"),
                                                .smdp_address = SPAN_STRING("smdp.example.com"),
                                                .ci_key_id = profile->ci_key_id,
                                                .preloaded = profile->preloaded};
    uint8_t aid[ISDP_AID_SIZE];
    enum profile_install_status status;
    size_t offset;

    ck_assert_msg(profile_metadata_parse(es10_metadata(profile), &metadata, &offset), "metadata at %zu",
                  offset);
    ck_assert_msg(saip_decode(profile->package.size > 0 ? profile->package : test_profile(profile->iccid),
                              &package, &failure),
                  "%s", failure.reason);
    status = profile_install(bench->card, &installation, aid);
    saip_free(&package);
    if (status == PROFILE_INSTALLED)
        ck_assert(nvm_commit(bench->card->nvm));
    else
        nvm_rollback(bench->card->nvm);
    return status;
}

void es10_install(struct es10_bench *bench, const struct es10_profile *profile)
{
    ck_assert_int_eq(es10_try_install(bench, profile), PROFILE_INSTALLED);
}

const char *es10_iccid(const char *digits)
{
    static char text[4][2 * ICCID_SIZE + 1];
    static size_t next;
    uint8_t iccid[ICCID_SIZE];

    next = (next + 1) % 4;
    ck_assert(iccid_from_digits(digits, iccid));
    return hex_from_span(SPAN_ARRAY(iccid), text[next], sizeof(text[next]));
}

int es10_state(struct es10_bench *bench, const char *digits)
{
    struct profile profile;
    uint8_t iccid[ICCID_SIZE];
    int state = -1;

    ck_assert(iccid_from_digits(digits, iccid));
    if (profile_by_iccid(bench->card, SPAN_ARRAY(iccid), &profile))
        state = (int)profile.state;
    profile_clear(&profile);
    return state;
}

static void append_rows(struct es10_bench *bench, sqlite3_stmt *stmt, struct buf *out)
{
    while (nvm_row(bench->card->nvm, stmt)) {
        buf_append(out, span_of_string(nvm_text(stmt, 0)));
        buf_append_octet(out, '\n');
    }
    ck_assert_msg(!nvm_failed(bench->card->nvm), "%s", nvm_message(bench->card->nvm));
}

struct span es10_tables(struct es10_bench *bench)
{
    struct nvm *nvm = bench->card->nvm;
    struct buf *out = test_buf();

    append_rows(bench,
                nvm_select(nvm,
                           "SELECT default_smdp || '|' || last_notification || '|' || last_isdp || '|' ||"
                           " coalesce(before_test, 0) FROM card",
                           NVM_NONE),
                out);
    append_rows(
        bench,
        nvm_select(nvm,
                   "SELECT id || '|' || iccid || '|' || isdp_aid || '|' || state || '|' || nickname ||"
                   " '|' || service_provider || '|' || name || '|' || ppr1 || ppr2 || '|' ||"
                   " coalesce(hex(icon), '-') || '|' || hex(metadata) FROM profile ORDER BY id",
                   NVM_NONE),
        out);
    append_rows(bench,
                nvm_select(nvm,
                           "SELECT count(*) || '|' || coalesce(sum(length(der)), 0) FROM profile_element",
                           NVM_NONE),
                out);
    append_rows(bench, nvm_select(nvm, "SELECT count(*) || '' FROM notification_address", NVM_NONE), out);
    append_rows(bench,
                nvm_select(nvm, "SELECT sequence || '|' || hex(signed_object) FROM notification ORDER BY 1",
                           NVM_NONE),
                out);
    append_rows(bench,
                nvm_select(nvm, "SELECT ci_key_id || number || '|' || part || hex(der) FROM crl ORDER BY 1",
                           NVM_NONE),
                out);
    append_rows(bench,
                nvm_select(nvm,
                           "SELECT eim_id || '|' || counter || '|' || coalesce(association_token, '-') ||"
                           " '|' || coalesce(ci_key_id, '-') || '|' || hex(public_key) || '|' ||"
                           " hex(configuration) FROM eim ORDER BY position",
                           NVM_NONE),
                out);
    append_rows(
        bench,
        nvm_select(nvm, "SELECT sequence || '|' || hex(result) FROM package_result ORDER BY 1", NVM_NONE),
        out);
    append_rows(bench,
                nvm_select(nvm, "SELECT event || '|' || profile FROM marked ORDER BY position", NVM_NONE),
                out);
    append_rows(bench,
                nvm_select(nvm,
                           "SELECT text FROM (SELECT last_association_token || '|' ||"
                           " immediate_enable || '|' || coalesce(immediate_smdp_oid, '-') || '|' ||"
                           " coalesce(immediate_smdp_address, '-') || '|' || coalesce(fallback, 0) || '|' ||"
                           " coalesce(before_fallback, 0) || '|' || emergency || '|' ||"
                           " coalesce(before_emergency, 0) || '|' || coalesce(rollback, 0) || '|' ||"
                           " coalesce(rollback_counter, 0) AS text FROM iot)"
                           " WHERE text <> '0|0|-|-|0|0|0|0|0|0'",
                           NVM_NONE),
                out);
    return buf_span(out);
}
