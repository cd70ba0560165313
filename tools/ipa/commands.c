/* `ipa add-eim, rollback, fallback, return, emergency, immediate-enable, reset, status`: what concerns the
 * card only. */
#include "apdu/tlv.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "protocol/names.h"
#include "protocol/tags.h"
#include "tools/ipa/ipa_tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CONFIGURATION_MAX ((size_t)64 * 1024) /* octets of an eIM configuration file */

/* Says how a function of the card went; EXIT_OK for ok(0). */
static int say_code(const struct ipad *ipad, const char *function, enum names names, int code)
{
    char text[64];

    names_text(names, (uint64_t)code, text, sizeof(text));
    if (code != 0) {
        tool_error("%s: the card refused: %s", function, text);
        es10_say_refused(function, (uint64_t)code);
        return EXIT_FAILED;
    }
    if (ipad->json)
        return print_json(json_pack("{s:s, s:s}", "function", function, "result", text));
    print_line("%s: %s", function, text);
    return EXIT_OK;
}

int ipad_change(struct ipad *ipad, enum ipa_change change)
{
    static const struct {
        const char *function;
        enum names names;
    } functions[IPA_CHANGES] = {
        [IPA_CHANGE_ROLLBACK] = {"ProfileRollback", NAMES_ROLLBACK},
        [IPA_CHANGE_FALLBACK] = {"ExecuteFallbackMechanism", NAMES_FALLBACK},
        [IPA_CHANGE_RETURN] = {"ReturnFromFallback", NAMES_RETURN},
        [IPA_CHANGE_EMERGENCY_ON] = {"EnableEmergencyProfile", NAMES_EMERGENCY_ON},
        [IPA_CHANGE_EMERGENCY_OFF] = {"DisableEmergencyProfile", NAMES_EMERGENCY_OFF},
        [IPA_CHANGE_IMMEDIATE] = {"ImmediateEnable", NAMES_IMMEDIATE_ENABLE},
    };
    int code;

    if (!ipa_change(ipad->ipa, change, &code))
        return ipad_card_failed(ipad);
    if (code == 0 && !ipad_reset_card(ipad))
        return EXIT_FAILED;
    return say_code(ipad, functions[change].function, functions[change].names, code);
}

/* The card's answer for each configuration: an association token it made, or nothing. */
static int say_added(const struct ipad *ipad, struct span answers)
{
    struct tlv_reader reader = tlv_reader(answers);
    struct tlv answer;
    json_t *eims = json_array();
    size_t count = 0;

    for (; tlv_next(&reader, &answer) == TLV_OK; count++) {
        json_t *eim = json_object();
        int64_t token;

        json_array_append_new(eims, eim);
        if (answer.tag != 0x84 || !tlv_signed(answer.value, &token))
            continue;
        json_object_set_new(eim, "associationToken", json_integer(token));
        if (!ipad->json)
            print_line("association token %" PRId64, token);
    }
    if (ipad->json)
        return print_json(json_pack("{s:i, s:o}", "added", (int)count, "eims", eims));
    json_decref(eims);
    print_line("%zu added", count);
    return EXIT_OK;
}

/* AddInitialEimRequest, or EimConfigurationData one after the other. What is in them the card judges. */
static bool is_configuration(struct span octets)
{
    struct tlv_reader reader = tlv_reader(octets);
    struct tlv object;
    size_t requests = 0;
    size_t others = 0;

    while (tlv_next(&reader, &object) == TLV_OK) {
        requests += object.tag == TAG_ADD_INITIAL_EIM;
        others += object.tag == 0x30;
        if (object.tag != TAG_ADD_INITIAL_EIM && object.tag != 0x30)
            return false;
    }
    return tlv_good(&reader) && (requests == 1) != (others > 0);
}

/* Makes a configuration what SGP.32 says, and says that it did. */
static void ipad_convert(const struct ipad *ipad, const char *file, struct buf *configuration)
{
    static const struct {
        unsigned bit;
        const char *what;
    } conversions[] = {
        {IPA_CONVERTED_CERTIFICATE, "eimCertificate stood whole in A1 { 30 … }"},
        {IPA_CONVERTED_KEY, "eimPublicKey stood whole in A0 { 30 … }"},
        {IPA_CONVERTED_CI, "euiccCiPKId had a tag inside, 04 14 …"},
    };
    struct buf converted = {0};
    unsigned what = ipa_convert_configuration(buf_span(configuration), ipad->settings.v1, &converted);

    for (size_t i = 0; i < sizeof(conversions) / sizeof(conversions[0]); i++) {
        if ((what & conversions[i].bit) != 0)
            tool_note("%s: converted for the card: %s", file, conversions[i].what);
    }
    if (what == 0) {
        buf_free(&converted);
        return;
    }
    buf_free(configuration);
    *configuration = converted;
}

int ipad_add_eim(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    struct buf configuration = {0};
    struct buf answers = {0};
    char text[64];
    int code;
    int status = EXIT_FAILED;

    if (tool_read_file(line->argv[0], CONFIGURATION_MAX, &configuration)) {
        ipad_convert(ipad, line->argv[0], &configuration);
        if (!is_configuration(buf_span(&configuration)))
            status = tool_error(
                "%s is no eIM configuration in DER: neither AddInitialEim (BF57) nor EimConfigurationData",
                line->argv[0]);
        else if (!ipa_add_eim(ipad->ipa, buf_span(&configuration), &code, &answers))
            status = ipad_card_failed(ipad);
        else if (code != 0) {
            tool_error("AddInitialEim: the card refused: %s",
                       names_text(NAMES_ADD_INITIAL_EIM, (uint64_t)code, text, sizeof(text)));
            es10_say_refused("AddInitialEim", (uint64_t)code);
        } else
            status = say_added(ipad, buf_span(&answers));
    }
    buf_free(&configuration);
    buf_free(&answers);
    return status;
}

/* --- Memory reset ------------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    uint8_t bit; /* of resetOptions, SGP.32 5.9.5 */
} reset_words[] = {
    {"operational", 0x80},  {"test", 0x40}, {"smdp", 0x20},      {"preloaded", 0x10},
    {"provisioning", 0x08}, {"eim", 0x04},  {"immediate", 0x02},
};

#define RESET_WORDS (sizeof(reset_words) / sizeof(reset_words[0]))

static int say_reset(const struct ipad *ipad, const int codes[3])
{
    static const char *const names[] = {"resetResult", "resetEimResult", "resetImmediateEnableConfigResult"};
    static const enum names tables[] = {NAMES_RESET, NAMES_RESET_EIM, NAMES_RESET_IMMEDIATE};
    json_t *object = json_object();
    char text[64];
    int status = EXIT_OK;

    for (size_t i = 0; i < 3; i++) {
        if (codes[i] < 0)
            continue;
        names_text(tables[i], (uint64_t)codes[i], text, sizeof(text));
        json_object_set_new(object, names[i], json_string(text));
        if (!ipad->json)
            print_line("%s: %s", names[i], text);
        if (codes[i] > 1) /* nothingToDelete(1) leaves nothing to be done */
            status = EXIT_FAILED;
    }
    if (ipad->json)
        print_json(object);
    else
        json_decref(object);
    return status;
}

int ipad_reset(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    uint8_t options = 0;
    int codes[3];

    for (int i = 0; i < line->argc; i++) {
        uint8_t bit = 0;

        for (size_t w = 0; w < RESET_WORDS; w++)
            bit |= strcmp(line->argv[i], reset_words[w].word) == 0 ? reset_words[w].bit : 0;
        if (bit == 0)
            return tool_usage(
                "reset knows operational, test, smdp, preloaded, provisioning, eim and immediate, "
                "not '%s'",
                line->argv[i]);
        options |= bit;
    }
    if (!ipa_memory_reset(ipad->ipa, options, codes))
        return ipad_card_failed(ipad);
    if (codes[0] == 0 && !ipad_reset_card(ipad))
        return EXIT_FAILED;
    return say_reset(ipad, codes);
}

/* --- Status ------------------------------------------------------------------------------------------- */

static const char *trust_name(enum ipa_trust trust)
{
    static const char *const names[] = {"system", "key", "certificate"};

    return names[trust];
}

static const char *protocols(const struct ipa_eim *eim, char *out, size_t size)
{
    static const char *const names[] = {"eimRetrieveHttps", "eimRetrieveCoaps", "eimInjectHttps",
                                        "eimInjectCoaps", "eimProprietary"};
    size_t n = 0;

    out[0] = '\0';
    for (size_t bit = 0; bit < sizeof(names) / sizeof(names[0]); bit++) {
        if ((eim->protocols >> bit & 1) != 0 && n < size)
            n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? "," : "", names[bit]);
    }
    return out;
}

/* What the card says of an eIM was written by others. */
static const char *eim_text(const char *text, char *out, size_t size)
{
    return print_text(span_of_string(text), out, size);
}

static json_t *eim_json(const struct ipa_eim *eim)
{
    char text[128];
    char id[sizeof(eim->id)];
    char fqdn[sizeof(eim->fqdn)];
    json_t *object = json_pack("{s:s, s:s, s:b, s:s}", "eimId", eim_text(eim->id, id, sizeof(id)), "eimFqdn",
                               eim_text(eim->fqdn, fqdn, sizeof(fqdn)), "indirectProfileDownload",
                               (int)eim->indirect, "trustedPublicKeyDataTls", trust_name(eim->trust));

    if (eim->has_protocols)
        json_object_set_new(object, "eimSupportedProtocol", json_string(protocols(eim, text, sizeof(text))));
    if (eim->has_token)
        json_object_set_new(object, "associationToken", json_integer(eim->token));
    return object;
}

static void print_eim(const struct ipa_eim *eim)
{
    char text[128];
    char id[sizeof(eim->id)];
    char fqdn[sizeof(eim->fqdn)];

    print_line("eIM %s: %s, trust %s%s%s%s", eim_text(eim->id, id, sizeof(id)),
               eim->fqdn[0] != '\0' ? eim_text(eim->fqdn, fqdn, sizeof(fqdn)) : "no eimFqdn",
               trust_name(eim->trust), eim->has_protocols ? ", " : "",
               eim->has_protocols ? protocols(eim, text, sizeof(text)) : "",
               eim->indirect ? ", indirectProfileDownload" : "");
}

static json_t *refusals_json(const struct ipa_refusal *refusals, size_t count)
{
    json_t *list = json_array();
    char eim[sizeof(refusals->eim)];
    char why[sizeof(refusals->why)];

    for (size_t i = 0; i < count; i++) {
        const struct ipa_refusal *refusal = &refusals[i];

        json_array_append_new(
            list, json_pack("{s:I, s:b, s:s, s:i, s:i, s:b, s:s}", "seqNumber", (json_int_t)refusal->sequence,
                            "notification", (int)refusal->is_notification, "eimId",
                            eim_text(refusal->eim, eim, sizeof(eim)), "tries", (int)refusal->tries, "pause",
                            (int)refusal->pause, "givenUp", (int)ipa_refusal_is_final(refusal), "why",
                            eim_text(refusal->why, why, sizeof(why))));
    }
    return list;
}

static void print_refusals(const struct ipa_refusal *refusals, size_t count)
{
    char eim[sizeof(refusals->eim)];
    char why[sizeof(refusals->why)];
    char next[64];

    for (size_t i = 0; i < count; i++) {
        const struct ipa_refusal *refusal = &refusals[i];

        if (ipa_refusal_is_final(refusal))
            snprintf(next, sizeof(next), "given up");
        else
            snprintf(next, sizeof(next), "again after %u more polls", refusal->pause);
        print_line("%s %" PRIu64 ", eIM %s: not taken (%u times), %s: %s",
                   refusal->is_notification ? "notification" : "result", refusal->sequence,
                   eim_text(refusal->eim, eim, sizeof(eim)), refusal->tries, next,
                   eim_text(refusal->why, why, sizeof(why)));
    }
}

int ipad_status(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    const struct ipa_eim *eims;
    size_t count;
    struct ipa_enabled enabled;
    const struct ipa_refusal *refusals;
    size_t refusal_count;
    char eid[33];
    json_t *list;

    if (!ipa_read_eid(ipad->ipa, eid) || !ipa_read_enabled(ipad->ipa, &enabled) ||
        !ipa_read_eims(ipad->ipa, &eims, &count))
        return ipad_card_failed(ipad);
    refusals = ipa_refusals(ipad->ipa, &refusal_count);
    if (ipad->json) {
        list = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(list, eim_json(&eims[i]));
        return print_json(json_pack("{s:s, s:s?, s:b, s:b, s:o, s:o}", "eid", eid, "enabled",
                                    enabled.any ? enabled.iccid : NULL, "fallbackProfileEnabled",
                                    (int)enabled.fallback, "emergencyProfileEnabled", (int)enabled.emergency,
                                    "eims", list, "refused", refusals_json(refusals, refusal_count)));
    }
    print_line("EID %s", eid);
    if (enabled.any)
        print_line("enabled profile %s%s%s", enabled.iccid, enabled.fallback ? ", the Fallback Profile" : "",
                   enabled.emergency ? ", the Emergency Profile" : "");
    else
        print_line("no enabled profile");
    for (size_t i = 0; i < count; i++)
        print_eim(&eims[i]);
    if (count == 0)
        print_line("no associated eIM");
    print_refusals(refusals, refusal_count);
    return EXIT_OK;
}
