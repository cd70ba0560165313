/* A whole card for fuzz targets: see fuzz_card.h. */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method */

#include "tests/fuzz/fuzz_card.h"

#include "apdu/tlv.h"
#include "euicc/profile/profile_files.h"
#include "euicc/profile/profile_store.h"
#include "euicc/terminal/profile_view.h"
#include "tests/fuzz/fuzz_disk.h"
#include "tests/fuzz/fuzz_files.h"
#include "tests/support/codes.h"
#include "tests/support/profile.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#define ICCID_ENABLED  "8988211000000000011"
#define ICCID_DISABLED "8988211000000000029"
#define BLOCK          255
/* Anything but 0. */
#define RANDOM_SEED UINT64_C(0x9E3779B97F4A7C15)

static struct test_ci cis[2];
static struct softeuicc *made;
static sqlite3 *database; /* the card's */
static struct fs *kept;   /* the files of the profile that is shown, as the disk keeps them */
static int64_t kept_profile;
static bool is_put_back; /* and powered on: nothing was asked since */
static uint64_t random_state = RANDOM_SEED;

/* xorshift64*: nothing secret here, and the same for every input. */
static bool random_octets(void *context, uint8_t *out, size_t size)
{
    (void)context;
    for (size_t i = 0; i < size; i++) {
        random_state ^= random_state >> 12;
        random_state ^= random_state << 25;
        random_state ^= random_state >> 27;
        out[i] = (uint8_t)((random_state * UINT64_C(0x2545F4914F6CDD1D)) >> 56);
    }
    return true;
}

uint64_t fuzz_random_state(void)
{
    return random_state;
}

void fuzz_random_go_on(uint64_t state)
{
    random_state = state;
}

static int64_t now(void *context)
{
    (void)context;
    return INT64_C(1700000000000);
}

/* SQLite calls this for each connection it opens: the way to the card's without a hole in the library. */
static int remember_database(sqlite3 *db, char **message, const struct sqlite3_api_routines *routines)
{
    (void)message;
    (void)routines;
    database = db;
    return SQLITE_OK;
}

/* --- what OpenSSL signs with is as foreseeable as what the card draws --------------------------------- */

static int random_bytes(unsigned char *out, int size)
{
    return random_octets(NULL, out, (size_t)size) ? 1 : 0;
}

static int random_is_ready(void)
{
    return 1;
}

static void be_foreseeable(void)
{
    static const RAND_METHOD method = {
        .bytes = random_bytes, .pseudorand = random_bytes, .status = random_is_ready};

    fuzz_check(RAND_set_rand_method(&method) == 1);
}

/* --- making it ------------------------------------------------------------------------------------- */

/* StoreMetadataRequest (SGP.22 5.5.3) whose profile notifies everything. */
static void put_metadata(struct buf *out, const char *iccid_digits)
{
    static const uint8_t all_events[] = {0xF0};
    uint8_t iccid[ICCID_SIZE];
    size_t outer = tlv_open(out, 0xBF25);
    size_t list;
    size_t entry;

    fuzz_check(iccid_from_digits(iccid_digits, iccid));
    tlv_put(out, 0x5A, SPAN_ARRAY(iccid));
    tlv_put_string(out, 0x91, "operator");
    tlv_put_string(out, 0x92, "profile");
    tlv_put_unsigned(out, 0x95, PROFILE_OPERATIONAL);
    list = tlv_open(out, 0xB6);
    entry = tlv_open(out, 0x30);
    tlv_put_bits(out, 0x80, all_events, 4);
    tlv_put_string(out, 0x81, "notify.example.com");
    tlv_close(out, entry);
    tlv_close(out, list);
    tlv_close(out, outer);
    fuzz_check(!out->failed);
}

static void create(void)
{
    static const char *const iccids[] = {ICCID_ENABLED, ICCID_DISABLED};
    struct softeuicc_credentials credentials[2] = {0};
    struct softeuicc_preloaded_profile profiles[2] = {0};
    struct softeuicc_hooks hooks = {.random = random_octets, .now = now, .storage = fuzz_disk()};
    struct softeuicc_parameters parameters = {.eid = TEST_EID,
                                              .credentials = credentials,
                                              .credentials_count = 2,
                                              .default_smdp = "smdp.example.com",
                                              .root_smds = "smds.example.com",
                                              .profiles = profiles,
                                              .profiles_count = 2};
    struct buf keys[2] = {0};
    struct buf metadata[2] = {0};
    struct softeuicc_error error = {0};

    test_ci_make(&cis[0], EC_CURVE_P256);
    test_ci_make(&cis[1], EC_CURVE_BRAINPOOL_P256R1);
    for (size_t i = 0; i < 2; i++) {
        struct span package = test_profile(iccids[i]);

        fuzz_check(ec_key_to_pkcs8(cis[i].eum.key, &keys[i]));
        credentials[i] = (struct softeuicc_credentials){
            .ci_cert = cis[i].ci.der.data,
            .ci_cert_size = cis[i].ci.der.size,
            .eum_cert = cis[i].eum.der.data,
            .eum_cert_size = cis[i].eum.der.size,
            .eum_key = keys[i].data,
            .eum_key_size = keys[i].size,
        };
        put_metadata(&metadata[i], iccids[i]);
        profiles[i] = (struct softeuicc_preloaded_profile){.package = package.data,
                                                           .package_size = package.size,
                                                           .metadata = metadata[i].data,
                                                           .metadata_size = metadata[i].size};
    }
    made = softeuicc_create_open("card", &parameters, &hooks, &error);
    if (made == NULL)
        fprintf(stderr, "%s\n", error.message);
    fuzz_check(made != NULL);
    for (size_t i = 0; i < 2; i++) {
        buf_free(&keys[i]);
        buf_free(&metadata[i]);
    }
}

static void power_on(enum softeuicc_protocol protocol)
{
    uint8_t atr[SOFTEUICC_ATR_MAX];
    size_t size;

    random_state = RANDOM_SEED;
    softeuicc_set_protocol(made, protocol);
    softeuicc_reset(made, SOFTEUICC_COLD, atr, &size);
    fuzz_check(size >= 2 && size <= SOFTEUICC_ATR_MAX);
}

/* Enables the first profile through the front door, so that it is notified. */
static void enable_first(void)
{
    struct buf request = {0};
    uint8_t iccid[ICCID_SIZE];
    size_t outer = tlv_open(&request, 0xBF31);
    size_t identifier = tlv_open(&request, 0xA0);
    struct buf response = {0};

    fuzz_check(iccid_from_digits(ICCID_ENABLED, iccid));
    tlv_put(&request, 0x5A, SPAN_ARRAY(iccid));
    tlv_close(&request, identifier);
    tlv_put(&request, 0x81, SPAN_STRING("\xFF"));
    tlv_close(&request, outer);
    fuzz_check(fuzz_es10(made, buf_span(&request), BLOCK, &response) == SW_OK);
    fuzz_check(span_equal(buf_span(&response), SPAN_STRING("\xBF\x31\x03\x80\x01\x00")));
    buf_free(&request);
    buf_free(&response);
}

static void make(void)
{
    be_foreseeable();
    fuzz_check(sqlite3_auto_extension((void (*)(void))remember_database) == SQLITE_OK);
    create();
    sqlite3_reset_auto_extension();
    power_on(SOFTEUICC_T1);
    fuzz_select_isdr(made);
    enable_first();
    power_on(SOFTEUICC_T1); /* makes the rows of the profile's files, which no input should pay for */
    fuzz_card_keep();
}

void fuzz_card_keep(void)
{
    /* What an input writes begins a log: nothing of what was there before is written over. */
    fuzz_check(sqlite3_wal_checkpoint_v2(database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) ==
               SQLITE_OK);
    fuzz_disk_keep();
    fs_free(kept);
    kept_profile = profile_view_profile(made);
    kept = profile_files_load(made, kept_profile);
    fuzz_check(kept != NULL && !fuzz_disk_has_changed());
}

const struct test_ci *fuzz_ci(void)
{
    if (made == NULL)
        make();
    return &cis[0];
}

/* Whatever an input did, what is remembered fits what is enabled (euicc/lifecycle/lifecycle.c). */
static void check_memory(void)
{
    sqlite3_stmt *stmt =
        nvm_select(made->nvm,
                   "SELECT count(*) FROM iot, card LEFT JOIN profile ON profile.state = 'enabled'"
                   " WHERE emergency <> coalesce(ecall, 0) OR (rollback IS NULL) <> (rollback_eim IS NULL)"
                   " OR rollback = profile.id OR (rollback IS NOT NULL AND emergency <> 0)"
                   " OR (before_fallback IS NOT NULL AND emergency = 0 AND fallback IS NOT profile.id)"
                   " OR (before_test IS NOT NULL AND emergency = 0 AND class IS NOT 'test')",
                   NVM_NONE);

    fuzz_check(nvm_row(made->nvm, stmt) && nvm_int(stmt, 0) == 0);
    nvm_done(stmt);
}

/* The files in RAM are what the disk has again; those that cannot be made so are loaded by the next reset. */
static void put_back_files(void)
{
    if (profile_view_profile(made) != kept_profile || !fuzz_files_put_back(profile_view_uicc(made)->fs, kept))
        profile_view_free(made);
}

static void put_back(enum softeuicc_protocol protocol)
{
    softeuicc_power_off(made);
    if (fuzz_disk_has_changed()) {
        check_memory();
        fuzz_disk_put_back();
        put_back_files();
    }
    /* Outlives one reset. */
    if (profile_view_uicc(made) != NULL)
        uicc_forget_suspension(profile_view_uicc(made));
    power_on(protocol);
}

struct softeuicc *fuzz_card(enum softeuicc_protocol protocol)
{
    if (made == NULL)
        make();
    if (!is_put_back || made->protocol != protocol)
        put_back(protocol);
    is_put_back = false;
    fuzz_trace_restart();
    return made;
}

void fuzz_card_done(void)
{
    put_back(made->protocol);
    is_put_back = true;
}

struct span fuzz_transmit(struct softeuicc *card, struct span capdu)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size = 0;
    unsigned sw1;

    softeuicc_transmit(card, capdu.data, capdu.size, rapdu, &size);
    fuzz_check(size >= 2 && size <= sizeof(rapdu));
    fuzz_trace(SPAN(rapdu, size));
    sw1 = rapdu[size - 2];
    fuzz_check((sw1 >= 0x61 && sw1 <= 0x6F) || (sw1 >= 0x90 && sw1 <= 0x9F));
    /* One command, one transaction. */
    fuzz_check(!nvm_in_transaction(card->nvm) && !nvm_failed(card->nvm));
    fuzz_check(sqlite3_get_autocommit(database) != 0);
    return SPAN(rapdu, size);
}

void fuzz_select_isdr(struct softeuicc *card)
{
    static const uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                                     0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
    struct span answer = fuzz_transmit(card, SPAN_ARRAY(select));
    uint8_t sw1 = answer.data[answer.size - 2];

    fuzz_check(sw1 == 0x90 || sw1 == 0x61);
}

/* Fetches what 61xx announces; appends data. */
static uint16_t fetch(struct softeuicc *card, struct span answer, struct buf *response)
{
    for (;;) {
        uint16_t status = (uint16_t)(answer.data[answer.size - 2] << 8 | answer.data[answer.size - 1]);
        uint8_t get_response[] = {0x00, 0xC0, 0x00, 0x00, (uint8_t)status};

        buf_append(response, SPAN(answer.data, answer.size - 2));
        if (status >> 8 != 0x61)
            return status;
        answer = fuzz_transmit(card, SPAN_ARRAY(get_response));
    }
}

/* Whatever is answered is what its function may answer, number by number. */
static void check_codes(const struct softeuicc *card, struct span answer)
{
    char problem[CODES_PROBLEM_MAX];
    bool good = codes_check(card, answer, problem);

    if (!good)
        fprintf(stderr, "%s\n", problem);
    fuzz_check(good);
}

uint16_t fuzz_es10(struct softeuicc *card, struct span request, size_t block, struct buf *response)
{
    struct buf answer = {0};
    size_t number = 0;
    uint16_t status;

    do {
        size_t size = request.size < block ? request.size : block;
        bool last = size == request.size;
        struct buf capdu = {0};

        apdu_encode(&capdu, 0x80, 0xE2, last ? 0x91 : 0x11, (uint8_t)number++, SPAN(request.data, size),
                    last && card->protocol == SOFTEUICC_T1 ? 65536 : 0);
        fuzz_check(!capdu.failed);
        status = fetch(card, fuzz_transmit(card, buf_span(&capdu)), &answer);
        buf_free(&capdu);
        request = SPAN(request.data + size, request.size - size);
    } while (status == SW_OK && request.size > 0);
    fuzz_check(!answer.failed);
    if (status == SW_OK || status >> 8 == 0x91)
        check_codes(card, buf_span(&answer));
    if (response != NULL)
        buf_append(response, buf_span(&answer));
    buf_free(&answer);
    return status;
}
