/*
 * GET IDENTITY (3GPP TS 31.102 7.5): the card's calculation of SUCI (TS 33.501 6.12, Annex C) from the IMSI
 * or a network specific identifier. Not there: global line and cable identifiers.
 */
#include "apdu/digits.h"
#include "apdu/tlv.h"
#include "crypto/suci.h"
#include "profiles/uicc/uicc_commands.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

/* --- what is in the files --------------------------------------------------------------------------- */

enum { UST_SUCI = 124, UST_SUCI_BY_USIM = 125, UST_SUPI_NAI = 130, UST_NSWO = 142 };

enum {
    EF_IMSI = 0x6F07,
    EF_AD = 0x6FAD,
    DF_5GS = 0x5FC0,
    EF_SUCI_CALC_INFO = 0x4F07,
    EF_SUPI_NAI = 0x4F09,
    EF_ROUTING_INDICATOR = 0x4F0A,
    DF_SAIP = 0x5FD0, /* TCA profile package annex D */
    EF_SUCI_CALC_INFO_USIM = 0x4F01,
};

/* EF SUCI_Calc_Info, TS 31.102 4.4.11.8; EF SUPI_NAI, 4.4.11.10. */
enum { TAG_SCHEMES = 0xA0, TAG_KEYS = 0xA1, TAG_KEY_ID = 0x80, TAG_KEY = 0x81, TAG_NSI = 0x80 };

static struct span content_of(const struct uicc_network *network, uint16_t directory, uint16_t fid)
{
    const struct fs_file *parent = directory != 0 ? fs_child(network->adf, directory) : network->adf;
    const struct fs_file *file = parent != NULL ? fs_child(parent, fid) : NULL;

    return file != NULL ? fs_content(file) : SPAN_NONE;
}

struct protection {
    enum suci_scheme scheme;
    uint8_t key_id; /* 0 with the null scheme */
    struct span key;
};

/* Key number `index`, from 1, of the Home Network Public Key List. */
static bool find_key(struct span list, uint8_t index, struct protection *protection)
{
    struct tlv_reader reader = tlv_reader(list);

    for (uint8_t i = 1;; i++) {
        struct span id;

        if (!tlv_require_sized(&reader, TAG_KEY_ID, 1, 1, &id) ||
            !tlv_require(&reader, TAG_KEY, &protection->key))
            return false;
        protection->key_id = id.data[0];
        if (i == index)
            return true;
    }
}

/* The first scheme of the list, which is in the order of preference, that can be used. Without any (nothing
 * is provisioned) it is the null scheme: TS 33.501 6.12.2. */
static struct protection choose_protection(const struct uicc_network *network)
{
    static const struct protection none = {.scheme = SUCI_NULL_SCHEME};
    struct span info = content_of(network, DF_SAIP, EF_SUCI_CALC_INFO_USIM);
    struct span schemes, keys;

    if (info.data == NULL)
        info = content_of(network, DF_5GS, EF_SUCI_CALC_INFO);
    if (!tlv_find(info, TAG_SCHEMES, &schemes))
        return none;
    if (!tlv_find(info, TAG_KEYS, &keys))
        keys = SPAN_NONE;
    for (size_t i = 0; i + 1 < schemes.size; i += 2) {
        struct protection protection = {.scheme = (enum suci_scheme)schemes.data[i]};

        if (protection.scheme == SUCI_NULL_SCHEME)
            return none;
        if (find_key(keys, schemes.data[i + 1], &protection) &&
            suci_key_fits(protection.scheme, protection.key))
            return protection;
    }
    return none;
}

/* --- scheme output ---------------------------------------------------------------------------------- */

enum { KEY_DRAWS = 4 }; /* random octets are no private key of P-256 about once in 2^32 */

static bool put_scheme_output(const struct uicc *uicc, const struct protection *protection, struct span plain,
                              struct buf *out)
{
    uint8_t private_key[SUCI_PRIVATE_SIZE] = {0};
    bool ok = false;

    for (int i = 0; i < KEY_DRAWS && !ok && !out->failed; i++) {
        if (protection->scheme != SUCI_NULL_SCHEME &&
            !uicc->host.random(uicc->host.context, private_key, sizeof(private_key)))
            break;
        ok = suci_conceal(protection->scheme, protection->key, private_key, plain, out);
    }
    OPENSSL_cleanse(private_key, sizeof(private_key));
    return ok;
}

/* --- SUPI of type IMSI ------------------------------------------------------------------------------ */

enum { IMSI_MIN = 6, IMSI_MAX = 15, MCC_SIZE = 3, IDENTITY_IMSI = 0x01, IDENTITY_NAI = 0x11 };

/* EF IMSI (TS 31.102 4.2.2): a length, then digits from the second half octet on. The number of digits, 0
 * when it holds none. */
static size_t read_imsi(struct span content, char digits[IMSI_MAX + 1])
{
    size_t count = 0;

    if (content.size < 2 || content.data[0] < 1 || content.data[0] > 8 || content.data[0] >= content.size)
        return 0;
    for (size_t i = 3; i < 2 + 2 * (size_t)content.data[0]; i++) {
        uint8_t digit = content.data[i / 2] >> (i % 2 * 4) & 0x0F;

        if (digit == 0x0F)
            break;
        if (digit > 9 || count == IMSI_MAX)
            return 0;
        digits[count++] = (char)('0' + digit);
    }
    digits[count] = '\0';
    return count >= IMSI_MIN ? count : 0;
}

/* Digits, two in an octet, the first in the low half; an odd one is filled up with F. */
static void put_bcd(const char *digits, struct buf *out)
{
    uint8_t octets[(IMSI_MAX + 1) / 2];
    size_t size = (strlen(digits) + 1) / 2;

    digits_swap(digits, octets, size);
    buf_append(out, SPAN(octets, size));
}

/* EF AD (TS 31.102 4.2.18): its fourth octet. Reading: two digits when it does not say three. */
static size_t mnc_size(const struct uicc_network *network)
{
    struct span content = content_of(network, 0, EF_AD);

    return content.size > 3 && (content.data[3] & 0x0F) == 3 ? 3 : 2;
}

/* EF Routing_Indicator (TS 31.102 4.4.11.11): two octets of digits. "0" when nothing is there:
 * TS 23.003 2.2B. */
static void read_routing_indicator(const struct uicc_network *network, uint8_t indicator[2])
{
    struct span content = content_of(network, DF_5GS, EF_ROUTING_INDICATOR);

    indicator[0] = 0xF0;
    indicator[1] = 0xFF;
    if (content.size >= 2 && (content.data[0] & 0x0F) <= 9)
        memcpy(indicator, content.data, 2);
}

/* 5GS mobile identity from its fourth octet on, TS 24.501 9.11.3.4. */
static uint16_t put_imsi_suci(const struct uicc *uicc, const struct uicc_network *network, struct buf *out)
{
    struct protection protection = choose_protection(network);
    struct span file = content_of(network, 0, EF_IMSI);
    size_t mnc = mnc_size(network);
    char digits[IMSI_MAX + 1];
    uint8_t network_code[PLMN_SIZE], indicator[2];
    size_t count = read_imsi(file, digits);
    struct buf msin = {0};
    bool ok;

    if (count <= MCC_SIZE + mnc)
        return SW_REFERENCE_NOT_FOUND;
    read_routing_indicator(network, indicator);
    buf_append_octet(out, IDENTITY_IMSI);
    digits_plmn(digits, mnc, network_code);
    buf_append(out, SPAN_ARRAY(network_code));
    buf_append(out, SPAN_ARRAY(indicator));
    buf_append_octet(out, (uint8_t)protection.scheme);
    buf_append_octet(out, protection.key_id);
    put_bcd(digits + MCC_SIZE + mnc, &msin);
    ok = !msin.failed && put_scheme_output(uicc, &protection, buf_span(&msin), out);
    buf_free(&msin);
    return ok ? SW_OK : SW_NO_DIAGNOSIS;
}

/* --- SUPI of type network specific identifier -------------------------------------------------------- */

static void put_text(struct buf *out, const char *text)
{
    buf_append(out, span_of_string(text));
}

static void put_hex(struct buf *out, const char *label, const uint8_t *octets, size_t size)
{
    put_text(out, label);
    for (size_t i = 0; i < size; i++) {
        char digits[3];

        snprintf(digits, sizeof(digits), "%02x", octets[i]);
        put_text(out, digits);
    }
}

static void put_routing_digits(struct buf *out, const uint8_t indicator[2])
{
    for (size_t i = 0; i < 4; i++) {
        uint8_t digit = indicator[i / 2] >> (i % 2 * 4) & 0x0F;

        if (digit > 9)
            break;
        buf_append_octet(out, (uint8_t)('0' + digit));
    }
}

/* `username` is what the null scheme shows, `plain` what another one conceals. */
static bool put_nai_output(const struct uicc *uicc, const struct protection *protection, struct span username,
                           struct span plain, struct buf *out)
{
    size_t key_size = suci_ephemeral_size(protection->scheme);
    struct buf output = {0};
    char text[32];
    bool ok;

    if (protection->scheme == SUCI_NULL_SCHEME) {
        put_text(out, ".userid");
        buf_append(out, username);
        return true;
    }
    ok = put_scheme_output(uicc, protection, plain, &output);
    if (ok) {
        snprintf(text, sizeof(text), ".hnkey%u", protection->key_id);
        put_text(out, text);
        put_hex(out, ".ecckey", output.data, key_size);
        put_hex(out, ".cip", output.data + key_size, plain.size);
        put_hex(out, ".mac", output.data + key_size + plain.size, SUCI_TAG_SIZE);
    }
    buf_free(&output);
    return ok;
}

/* What the identifier begins with: type of SUPI, routing indicator, scheme. */
static void put_nai_head(const struct uicc_network *network, const struct protection *protection,
                         unsigned supi_type, struct buf *out)
{
    uint8_t indicator[2];
    char text[32];

    read_routing_indicator(network, indicator);
    snprintf(text, sizeof(text), "type%u.rid", supi_type);
    put_text(out, text);
    put_routing_digits(out, indicator);
    snprintf(text, sizeof(text), ".schid%d", (int)protection->scheme);
    put_text(out, text);
}

/* The network access identifier of TS 23.003 28.7.3. */
static uint16_t put_nai_suci(const struct uicc *uicc, const struct uicc_network *network, struct span nsi,
                             struct buf *out)
{
    struct protection protection = choose_protection(network);
    const uint8_t *at = memchr(nsi.data, '@', nsi.size);
    size_t name_size = at != NULL ? (size_t)(at - nsi.data) : 0;
    struct span username = SPAN(nsi.data, name_size);

    if (name_size == 0)
        return SW_REFERENCE_NOT_FOUND;
    buf_append_octet(out, IDENTITY_NAI);
    put_nai_head(network, &protection, 1, out);
    if (!put_nai_output(uicc, &protection, username, username, out))
        return SW_NO_DIAGNOSIS;
    buf_append(out, SPAN(at, nsi.size - name_size));
    return SW_OK;
}

/*
 * For non-seamless WLAN offload (TS 33.501 annex S) the identifier goes into EAP: TS 23.003 28.7.12. Reading:
 * the USIM hands out the whole of it, without the octet that a 5GS mobile identity begins with.
 */
static uint16_t put_nswo_suci(const struct uicc *uicc, const struct uicc_network *network, struct buf *out)
{
    struct protection protection = choose_protection(network);
    size_t mnc = mnc_size(network);
    char digits[IMSI_MAX + 1];
    const char *msin = digits + MCC_SIZE + mnc;
    size_t count = read_imsi(content_of(network, 0, EF_IMSI), digits);
    struct buf plain = {0};
    char realm[64];
    bool ok;

    if (count <= MCC_SIZE + mnc)
        return SW_REFERENCE_NOT_FOUND;
    put_bcd(msin, &plain);
    put_nai_head(network, &protection, 0, out);
    ok = !plain.failed && put_nai_output(uicc, &protection, span_of_string(msin), buf_span(&plain), out);
    buf_free(&plain);
    snprintf(realm, sizeof(realm), "@5gc-nswo.mnc%s%.*s.mcc%.3s.3gppnetwork.org", mnc == 3 ? "" : "0",
             (int)mnc, digits + MCC_SIZE, digits);
    put_text(out, realm);
    return ok ? SW_OK : SW_NO_DIAGNOSIS;
}

/* --- the command ------------------------------------------------------------------------------------ */

enum { CONTEXT_SUCI = 0x01, CONTEXT_NSWO = 0x02, TAG_SUCI = 0xA1 };

/* EF SUPI_NAI may hold another type of SUPI than NSI. */
static uint16_t put_suci(const struct uicc *uicc, const struct uicc_network *network, struct buf *out)
{
    struct span file = content_of(network, DF_5GS, EF_SUPI_NAI);
    uint32_t tag;
    size_t header_size, size;
    struct span nsi;

    if (!uicc_service(network, UST_SUPI_NAI) || tlv_header(file, &tag, &header_size, &size) != TLV_OK ||
        size > file.size - header_size)
        return put_imsi_suci(uicc, network, out);
    nsi = SPAN(file.data + header_size, size);
    return tag == TAG_NSI ? put_nai_suci(uicc, network, nsi, out) : SW_FUNCTION_NOT_SUPPORTED;
}

uint16_t uicc_get_identity(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_network network;
    struct buf suci = {0};
    uint16_t status;

    if (command->p2 != CONTEXT_SUCI && command->p2 != CONTEXT_NSWO)
        return SW_WRONG_P1_P2;
    status = uicc_find_network(uicc, command, &network);
    if (status != SW_OK)
        return status;
    if (network.is_isim || !uicc_service(&network, UST_SUCI) || !uicc_service(&network, UST_SUCI_BY_USIM))
        return SW_CONDITIONS_NOT_SATISFIED;
    if (command->p2 == CONTEXT_NSWO && !uicc_service(&network, UST_NSWO))
        return SW_CONDITIONS_NOT_SATISFIED;
    status =
        command->p2 == CONTEXT_NSWO ? put_nswo_suci(uicc, &network, &suci) : put_suci(uicc, &network, &suci);
    if (status == SW_OK && suci.failed)
        status = SW_NO_DIAGNOSIS;
    if (status == SW_OK)
        status = uicc_check_le(command, tlv_header_size(TAG_SUCI, suci.size) + suci.size);
    if (status == SW_OK)
        tlv_put(response, TAG_SUCI, buf_span(&suci));
    buf_free(&suci);
    return status;
}
