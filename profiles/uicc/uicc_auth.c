/*
 * AUTHENTICATE (3GPP TS 31.102 7.1, TS 31.103 7.1): GSM, 3G/EPS/5G/IMS AKA and GBA security contexts, with
 * the even instruction code. The contexts of the odd one (MBMS, local key establishment) and VGCS/VBS are not
 * supported. What is behind it is naa.c's.
 */
#include "apdu/tlv.h"
#include "crypto/kdf33.h"
#include "profiles/uicc/naa.h"
#include "profiles/uicc/uicc_commands.h"

#include <string.h>

#include <openssl/crypto.h>

/* P2, TS 31.102 table 1 of 7.1.2. */
enum { CONTEXT_GSM = 0x80, CONTEXT_3G = 0x81, CONTEXT_VGCS = 0x82, CONTEXT_GBA = 0x84 };

/* First octet of the GBA context's data, and of answers: TS 31.102 7.1.2. */
enum { TAG_BOOTSTRAPPING = 0xDD, TAG_NAF_DERIVATION = 0xDE, TAG_SUCCESS = 0xDB, TAG_SYNCHRONISATION = 0xDC };

/* TS 31.102 7.3.1. */
enum { SW_INCORRECT_MAC = 0x9862, SW_CONTEXT_NOT_SUPPORTED = 0x9864, SW_NO_SPACE = 0x9866 };

/* EF UST, TS 31.102 4.2.8; EF IST, TS 31.103 4.2.7. */
enum { UST_GSM_ACCESS = 27, UST_GSM_CONTEXT = 38, UST_GBA = 68, IST_GBA = 2 };

/* EF GBABP and EF GBANL: TS 31.102 4.2.79 and 4.2.83, TS 31.103 4.2.9 and 4.2.10. */
enum { USIM_GBABP = 0x6FD6, USIM_GBANL = 0x6FDA, ISIM_GBABP = 0x6FD5, ISIM_GBANL = 0x6FD7 };
enum { TAG_NAF_ID = 0x80, TAG_B_TID = 0x81 };

enum { FC_NAF_KEY = 0x01 }; /* TS 33.220 B.3 */

/* A command on its way: for whom, and what is left of its data. */
struct request {
    struct uicc *uicc;
    struct uicc_network network;
    struct fs_naa *naa;
    struct span data;
    struct buf *response;
};

/* --- data ------------------------------------------------------------------------------------------- */

/* The next parameter. */
static bool auth_take(struct request *request, struct span *value)
{
    return span_take_prefixed(&request->data, value) && value->size > 0;
}

static bool take_rand(struct request *request, struct span *rand)
{
    return auth_take(request, rand) && rand->size == AKA_RAND_SIZE;
}

static void auth_put(struct buf *response, const uint8_t *octets, size_t size)
{
    buf_append_octet(response, (uint8_t)size);
    buf_append(response, SPAN(octets, size));
}

static uint16_t status_of(enum naa_result result)
{
    switch (result) {
    case NAA_OK:
    case NAA_SYNCHRONISATION_FAILURE:
        return SW_OK;
    case NAA_MAC_FAILURE:
        return SW_INCORRECT_MAC;
    case NAA_BAD_AUTN:
        return SW_WRONG_LENGTH;
    case NAA_NO_KEYS:
        return SW_CONDITIONS_NOT_SATISFIED;
    case NAA_EXHAUSTED:
        return SW_UICC_INVALIDATED; /* Reading: the key is no longer valid */
    case NAA_NOT_STORED:
        return SW_MEMORY_FAILURE;
    case NAA_FAILED:
        break;
    }
    return SW_NO_DIAGNOSIS;
}

/* --- GSM and 3G ------------------------------------------------------------------------------------- */

static uint16_t gsm(struct request *request, struct naa_answer *answer)
{
    uint8_t sres[NAA_SRES_SIZE], kc[NAA_KC_SIZE];
    enum naa_result result;
    struct span rand;

    if (request->network.is_isim || !uicc_service(&request->network, UST_GSM_CONTEXT))
        return SW_CONTEXT_NOT_SUPPORTED;
    if (!take_rand(request, &rand) || request->data.size > 0)
        return SW_WRONG_LENGTH;
    result = naa_answer_rand(request->uicc->fs, request->naa, rand.data, answer);
    if (result == NAA_OK) {
        naa_sres(answer, sres);
        naa_kc(answer, kc);
        auth_put(request->response, sres, sizeof(sres));
        auth_put(request->response, kc, sizeof(kc));
        OPENSSL_cleanse(kc, sizeof(kc));
    }
    return status_of(result);
}

static void put_auts(struct request *request, const struct naa_answer *answer)
{
    buf_append_octet(request->response, TAG_SYNCHRONISATION);
    auth_put(request->response, answer->auts, answer->auts_size);
}

static void put_keys(struct request *request, const struct naa_answer *answer)
{
    uint8_t kc[NAA_KC_SIZE];

    buf_append_octet(request->response, TAG_SUCCESS);
    auth_put(request->response, answer->res, answer->res_size);
    auth_put(request->response, answer->ck, answer->ck_size);
    auth_put(request->response, answer->ik, answer->ik_size);
    if (request->network.is_isim || !uicc_service(&request->network, UST_GSM_ACCESS))
        return;
    naa_kc(answer, kc);
    auth_put(request->response, kc, sizeof(kc));
    OPENSSL_cleanse(kc, sizeof(kc));
}

static uint16_t aka(struct request *request, struct naa_answer *answer)
{
    enum naa_result result;
    struct span rand, autn;

    if (!take_rand(request, &rand) || !auth_take(request, &autn) || request->data.size > 0)
        return SW_WRONG_LENGTH;
    result = naa_authenticate(request->uicc->fs, request->naa, rand.data, autn, false, answer);
    if (result == NAA_OK)
        put_keys(request, answer);
    else if (result == NAA_SYNCHRONISATION_FAILURE)
        put_auts(request, answer);
    return status_of(result);
}

/* --- GBA -------------------------------------------------------------------------------------------- */

/* A new bootstrapping replaces RAND, B-TID and key lifetime (TS 33.220 G.1); the terminal writes the latter
 * two afterwards. */
static uint16_t store_rand(struct request *request, struct span rand)
{
    struct fs_file *file = fs_child(request->network.adf, request->network.is_isim ? ISIM_GBABP : USIM_GBABP);
    uint8_t parameters[1 + AKA_RAND_SIZE + 2] = {AKA_RAND_SIZE};

    if (file == NULL || file->kind != SAIP_FILE_TRANSPARENT || fs_content(file).size < sizeof(parameters))
        return SW_NO_SPACE;
    memcpy(parameters + 1, rand.data, rand.size);
    memcpy(request->naa->bootstrap_rand, rand.data, rand.size);
    request->naa->bootstrapped = true;
    return fs_write(request->uicc->fs, file, 0, SPAN_ARRAY(parameters)) &&
                   fs_naa_changed(request->uicc->fs, request->naa)
               ? SW_OK
               : SW_MEMORY_FAILURE;
}

static uint16_t bootstrap(struct request *request, struct naa_answer *answer)
{
    enum naa_result result;
    struct span rand, autn;
    uint16_t status;

    if (!take_rand(request, &rand) || !auth_take(request, &autn) || request->data.size > 0)
        return SW_WRONG_LENGTH;
    result = naa_authenticate(request->uicc->fs, request->naa, rand.data, autn, true, answer);
    if (result == NAA_SYNCHRONISATION_FAILURE)
        put_auts(request, answer);
    if (result != NAA_OK)
        return status_of(result);
    status = store_rand(request, rand);
    if (status == SW_OK) {
        buf_append_octet(request->response, TAG_SUCCESS);
        auth_put(request->response, answer->res, answer->res_size);
    }
    return status;
}

/* B-TID as the terminal wrote it to EF GBABP; empty while it did not. */
static struct span stored_b_tid(const struct request *request)
{
    const struct fs_file *file =
        fs_child(request->network.adf, request->network.is_isim ? ISIM_GBABP : USIM_GBABP);
    struct span content = file != NULL ? fs_content(file) : SPAN_NONE;
    size_t at = content.size > 0 ? 1 + (size_t)content.data[0] : 0;

    if (at >= content.size || content.data[at] > content.size - at - 1)
        return SPAN(content.data, 0);
    return SPAN(content.data + at + 1, content.data[at]);
}

/* The record of EF GBANL to take: the one of this NAF, or the last. */
static size_t naf_record(const struct fs_file *file, struct span naf_id)
{
    size_t count = fs_records(file);

    for (size_t number = 1; number < count; number++) {
        struct span stored;

        if (tlv_find(fs_record(file, number), TAG_NAF_ID, &stored) && span_equal(stored, naf_id))
            return number;
    }
    return count;
}

/*
 * Notes the NAF in EF GBANL. Reading: the list of TS 33.220 G.2, last derived first, is the order of the
 * file's records, so that the last record is the one that a new NAF overwrites. Ks_int_NAF itself is not
 * kept: no application of this card uses it.
 */
static uint16_t note_naf(struct request *request, struct span naf_id)
{
    struct fs_file *file = fs_child(request->network.adf, request->network.is_isim ? ISIM_GBANL : USIM_GBANL);
    struct buf list = {0};
    uint16_t status = SW_NO_SPACE;

    if (file == NULL || fs_records(file) == 0)
        return SW_NO_SPACE;
    tlv_put(&list, TAG_NAF_ID, naf_id);
    tlv_put(&list, TAG_B_TID, stored_b_tid(request));
    if (list.size <= file->record_size) {
        while (list.size < file->record_size && !list.failed)
            buf_append_octet(&list, 0xFF);
        buf_append(&list, SPAN(fs_content(file).data, (naf_record(file, naf_id) - 1) * file->record_size));
        status =
            !list.failed && fs_write(request->uicc->fs, file, 0, buf_span(&list)) ? SW_OK : SW_MEMORY_FAILURE;
    }
    buf_free(&list);
    return status;
}

/* Ks_ext_NAF = KDF(CK || IK, "gba-me", RAND, IMPI, NAF_Id), TS 33.220 B.3. */
static uint16_t put_naf_key(struct request *request, const struct naa_answer *answer, struct span naf_id,
                            struct span impi)
{
    const struct span parameters[] = {SPAN_STRING("gba-me"), SPAN_ARRAY(request->naa->bootstrap_rand), impi,
                                      naf_id};
    uint8_t ks[2 * AKA_OUTPUT_MAX], key[KDF33_SIZE];
    bool ok;

    memcpy(ks, answer->ck, answer->ck_size);
    memcpy(ks + answer->ck_size, answer->ik, answer->ik_size);
    ok = kdf33(SPAN(ks, answer->ck_size + answer->ik_size), FC_NAF_KEY, parameters, 4, key);
    if (ok) {
        buf_append_octet(request->response, TAG_SUCCESS);
        auth_put(request->response, key, sizeof(key));
    }
    OPENSSL_cleanse(ks, sizeof(ks));
    OPENSSL_cleanse(key, sizeof(key));
    return ok ? SW_OK : SW_NO_DIAGNOSIS;
}

static uint16_t derive_naf_key(struct request *request, struct naa_answer *answer)
{
    struct span naf_id, impi;
    enum naa_result result;
    uint16_t status;

    if (!auth_take(request, &naf_id) || !auth_take(request, &impi) || request->data.size > 0)
        return SW_WRONG_LENGTH;
    if (!request->naa->bootstrapped)
        return SW_CONDITIONS_NOT_SATISFIED;
    result = naa_recall(request->uicc->fs, request->naa, request->naa->bootstrap_rand, answer);
    if (result != NAA_OK)
        return status_of(result);
    status = note_naf(request, naf_id);
    return status == SW_OK ? put_naf_key(request, answer, naf_id, impi) : status;
}

static uint16_t gba(struct request *request, struct naa_answer *answer)
{
    uint8_t tag = request->data.data[0];

    if (!uicc_service(&request->network, request->network.is_isim ? IST_GBA : UST_GBA))
        return SW_CONTEXT_NOT_SUPPORTED;
    request->data = SPAN(request->data.data + 1, request->data.size - 1);
    switch (tag) {
    case TAG_BOOTSTRAPPING:
        return bootstrap(request, answer);
    case TAG_NAF_DERIVATION:
        return derive_naf_key(request, answer);
    default:
        return SW_WRONG_DATA;
    }
}

/* --- the command ------------------------------------------------------------------------------------ */

static uint16_t dispatch(struct request *request, uint8_t context, struct naa_answer *answer)
{
    switch (context) {
    case CONTEXT_GSM:
        return gsm(request, answer);
    case CONTEXT_3G:
        return aka(request, answer);
    case CONTEXT_GBA:
        return gba(request, answer);
    case CONTEXT_VGCS:
        return SW_CONTEXT_NOT_SUPPORTED;
    default:
        return SW_WRONG_P1_P2;
    }
}

uint16_t uicc_authenticate(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct request request = {.uicc = uicc, .data = command->data, .response = response};
    struct naa_answer answer;
    uint16_t status;

    status = uicc_find_network(uicc, command, &request.network);
    if (status != SW_OK)
        return status;
    request.naa = fs_find_naa(uicc->fs, request.network.adf);
    if (request.naa == NULL)
        return SW_CONDITIONS_NOT_SATISFIED;
    status = dispatch(&request, command->p2, &answer);
    OPENSSL_cleanse(&answer, sizeof(answer));
    return status;
}

/* With the odd instruction code the data come as objects in blocks (TS 102 221 11.1.16.2). TS 31.102 has two
 * contexts for it, neither of which this card serves. */
uint16_t uicc_authenticate_objects(struct uicc *uicc, const struct apdu_command *command,
                                   struct buf *response)
{
    enum { FIRST_BLOCK = 0x80, FIRST_OF_RESPONSE = 0xA0, CONTEXT_MBMS = 0x85, CONTEXT_LOCAL_KEY = 0x86 };
    struct uicc_network network;
    uint16_t status;

    (void)response;
    if (command->p2 != CONTEXT_MBMS && command->p2 != CONTEXT_LOCAL_KEY)
        return SW_WRONG_P1_P2;
    if (command->p1 != FIRST_BLOCK)
        return command->p1 == FIRST_OF_RESPONSE ? SW_CONDITIONS_NOT_SATISFIED : SW_WRONG_P1_P2;
    status = uicc_find_network(uicc, command, &network);
    return status == SW_OK ? SW_CONTEXT_NOT_SUPPORTED : status;
}
