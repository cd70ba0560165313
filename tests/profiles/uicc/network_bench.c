/* A USIM and an ISIM for tests: see network_bench.h. */
#include "tests/profiles/uicc/network_bench.h"

#include <string.h>

#define USIM_AID "A0000000871002FF34FF0789312E30FF"
#define ISIM_AID "A0000000871004FF34FF0789312E30FF"

struct outside outside;

static bool give_random(void *context, uint8_t *out, size_t size)
{
    struct outside *host = context;
    const char *text = host->bad_random != NULL ? host->bad_random : host->random;

    host->bad_random = NULL;
    if (text == NULL)
        return false;
    ck_assert_uint_eq(size, hex(text).size);
    memcpy(out, hex(text).data, size);
    return true;
}

static bool store_naa(void *context, const struct fs_naa *naa)
{
    struct outside *store = context;

    (void)naa;
    store->naa_stores++;
    return !store->store_fails;
}

struct fs_file *add_file(struct fs *fs, struct fs_file *parent, enum saip_file_kind kind, uint16_t fid,
                         size_t record_size, const char *content)
{
    struct fs_file like = {
        .kind = kind, .fid = fid, .parent = parent, .life_cycle = FS_ACTIVATED, .record_size = record_size};
    struct fs_file *file;

    buf_append(&like.content, hex(content));
    like.size = like.content.size;
    file = fs_create_file(fs, &like);
    ck_assert_ptr_nonnull(file);
    return file;
}

static struct fs_file *add_adf(struct fs *fs, uint16_t fid, const char *aid, uint8_t pin)
{
    struct fs_file *adf = add_file(fs, fs->mf, SAIP_FILE_ADF, fid, 0, "");
    const struct fs_pin code = {.directory = fs->mf,
                                .reference = pin,
                                .attempts = 3,
                                .attempts_left = 3,
                                .enabled = true,
                                .verified = true};
    struct fs_naa naa = {.application = adf,
                         .algorithm = SAIP_MILENAGE,
                         .key_size = 16,
                         .opc_size = 16,
                         .rotation = {0x40, 0x00, 0x20, 0x40, 0x60},
                         .xoring = {{0}, {[15] = 1}, {[15] = 2}, {[15] = 4}, {[15] = 8}},
                         .keccak_count = 1};

    fs_set_aid(&adf->aid, hex(aid));
    buf_append_octet(&adf->pin_status, 0x81);
    buf_append_octet(&adf->pin_status, pin);
    memcpy(naa.key, hex(K).data, 16);
    memcpy(naa.opc, hex(OPC).data, 16);
    ck_assert(fs_add_pin(fs, &code) && fs_add_naa(fs, &naa));
    return adf;
}

#define SERVICES_OFF "00000000000000000000000000000000000000"

void enter(struct uicc *uicc, uint16_t adf)
{
    uicc->channels[0].application = adf != 0 ? fs_child(uicc->fs->mf, adf) : NULL;
    uicc->channels[0].directory = adf != 0 ? uicc->channels[0].application : uicc->fs->mf;
}

struct uicc *new_uicc(void)
{
    struct fs *fs = fs_new();
    struct fs_file *usim, *isim;
    struct uicc *uicc;

    add_file(fs, NULL, SAIP_FILE_MF, 0x3F00, 0, "");
    usim = add_adf(fs, ADF_USIM, USIM_AID, 0x01);
    isim = add_adf(fs, ADF_ISIM, ISIM_AID, 0x02);
    add_file(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F38, 0, SERVICES_OFF);
    add_file(fs, usim, SAIP_FILE_TRANSPARENT, 0x6F07, 0, "082947100210000268");
    add_file(fs, usim, SAIP_FILE_TRANSPARENT, 0x6FAD, 0, "00000003");
    add_file(fs, usim, SAIP_FILE_TRANSPARENT, 0x6FD6, 0, FF16 FF16);
    add_file(fs, usim, SAIP_FILE_LINEAR_FIXED, 0x6FDA, 16, FF16 FF16);
    add_file(fs, isim, SAIP_FILE_TRANSPARENT, 0x6F07, 0, "02");
    add_file(fs, isim, SAIP_FILE_TRANSPARENT, 0x6FD5, 0, FF16 FF16);
    add_file(fs, isim, SAIP_FILE_LINEAR_FIXED, 0x6FD7, 16, FF16);
    outside = (struct outside){.random = NULL};
    fs->store.context = &outside;
    fs->store.naa = store_naa;
    uicc = uicc_new(fs, &(struct uicc_host){.context = &outside, .random = give_random});
    ck_assert_ptr_nonnull(uicc);
    for (size_t i = 0; i < fs->pin_count; i++)
        fs->pins[i].verified = true;
    enter(uicc, ADF_USIM);
    return uicc;
}

void set_service(struct uicc *uicc, unsigned number)
{
    struct fs_file *table = fs_child(fs_child(uicc->fs->mf, ADF_USIM), 0x6F38);

    table->content.data[(number - 1) / 8] |= (uint8_t)(1 << (number - 1) % 8);
}

struct span answer_to(struct uicc *uicc, const char *capdu)
{
    struct apdu_command command;
    struct buf *response = test_buf();
    uint16_t status = apdu_decode(hex(capdu), &command);

    if (status == SW_OK)
        status = uicc_process(uicc, &command, response);
    buf_append_octet(response, (uint8_t)(status >> 8));
    buf_append_octet(response, (uint8_t)status);
    return buf_span(response);
}
