/* The results of an eUICC Package (SGP.32 2.11.2.1) as JSON, with the code names of the ASN.1 module. See
 * command.h. */
#include "servers/eim/model/command_table.h"

#include "apdu/tlv.h"
#include "profiles/iccid.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <string.h>

#define TAG_RAT        0xA6
#define TAG_ROLLBACK   0x8C
#define TAG_TERMINATED 0x02 /* processingTerminated */
#define CODE_UNDEFINED 127  /* undefinedError everywhere */
#define CODES_MAX      8

struct code_names {
    const char *name; /* of the result */
    uint32_t tag;
    struct {
        int64_t code;
        const char *name;
    } codes[CODES_MAX]; /* without ok(0) and undefinedError(127), which all have */
    int64_t success;    /* a code that is a success beside ok(0) */
};

static const struct code_names result_names[] = {
    {"enable",
     0x83,
     {{1, "iccidOrAidNotFound"},
      {2, "profileNotInDisabledState"},
      {3, "disallowedByPolicy"},
      {5, "catBusy"},
      {20, "rollbackNotAvailable"}},
     0},
    {"disable",
     0x84,
     {{1, "iccidOrAidNotFound"}, {2, "profileNotInEnabledState"}, {3, "disallowedByPolicy"}, {5, "catBusy"}},
     0},
    {"delete",
     0x85,
     {{1, "iccidOrAidNotFound"},
      {2, "profileNotInDisabledState"},
      {3, "disallowedByPolicy"},
      {20, "rollbackNotAvailable"},
      {21, "returnFallbackProfile"}},
     0},
    {"listProfileInfo", TAG_PROFILES_INFO, {{1, "incorrectInputValues"}, {11, "profileChangeOngoing"}}, 0},
    {"getRAT", TAG_RAT, {{0, NULL}}, 0},
    {"configureImmediateEnable", 0x87, {{1, "insufficientMemory"}, {7, "commandError"}}, 0},
    {"addEim",
     TAG_ADD_EIM,
     {{1, "insufficientMemory"},
      {2, "associatedEimAlreadyExists"},
      {3, "ciPKUnknown"},
      {5, "invalidAssociationToken"},
      {6, "counterValueOutOfRange"},
      {7, "commandError"}},
     0},
    {"deleteEim", 0x89, {{1, "eimNotFound"}, {2, "lastEimDeleted"}, {7, "commandError"}}, 2},
    {"updateEim",
     0x8A,
     {{1, "eimNotFound"}, {3, "ciPKUnknown"}, {6, "counterValueOutOfRange"}, {7, "commandError"}},
     0},
    {"listEim", TAG_LIST_EIM, {{0, NULL}}, 0},
    {"rollback", TAG_ROLLBACK, {{0, NULL}}, 0},
    {"setFallbackAttribute",
     0x8D,
     {{1, "iccidOrAidNotFound"}, {2, "fallbackNotAllowed"}, {3, "fallbackProfileEnabled"}},
     0},
    {"unsetFallbackAttribute",
     0x8E,
     {{2, "noFallbackAttribute"}, {3, "fallbackProfileEnabled"}, {7, "commandError"}},
     0},
    {"processingTerminated",
     TAG_TERMINATED,
     {{1, "resultSizeOverflow"}, {2, "unknownOrDamagedCommand"}, {3, "interruption"}},
     0},
    {"setDefaultDpAddress", TAG_IOT_SET_DEFAULT_DP_ADDRESS, {{0, NULL}}, 0},
};

static const struct code_names error_names[CODES_LISTS] = {
    [CODES_PACKAGE_ERROR] = {"euiccPackageError",
                             0,
                             {{3, "invalidEid"},
                              {4, "replayError"},
                              {6, "counterValueOutOfRange"},
                              {15, "sizeOverflow"},
                              {104, "ecallActive"}},
                             0},
    [CODES_PACKAGE_UNSIGNED] = {"euiccPackageUnsignedError", 0, {{15, "sizeOverflow"}}, 0},
    [CODES_RESPONSE_ERROR] = {"eimPackageResultError",
                              0,
                              {{1, "invalidPackageFormat"}, {2, "unknownPackage"}},
                              0},
    [CODES_DATA_ERROR] = {"ipaEuiccDataError",
                          0,
                          {{1, "incorrectTagList"}, {5, "euiccCiPKIdNotFound"}, {104, "ecallActive"}},
                          0},
    [CODES_DOWNLOAD_ERROR] = {"profileDownloadError", 0, {{104, "ecallActive"}}, 0},
    [CODES_STATE_CHANGE] = {"stateChangeCause",
                            0,
                            {{1, "fallback"},
                             {2, "emergencyProfile"},
                             {3, "local"},
                             {4, "reset"},
                             {5, "immediateEnableProfile"},
                             {6, "deviceChange"}},
                            0},
};

static const char *name_of(const struct code_names *names, int64_t code)
{
    if (code == CODE_UNDEFINED)
        return names == &error_names[CODES_STATE_CHANGE] ? "undefined" : "undefinedError";
    for (size_t i = 0; i < CODES_MAX && names->codes[i].name != NULL; i++) {
        if (names->codes[i].code == code)
            return names->codes[i].name;
    }
    if (code == 0)
        return names == &error_names[CODES_STATE_CHANGE] ? "otherEim" : "ok";
    return "unknown";
}

char *code_text(enum code_list list, int64_t code, char *out, size_t size)
{
    snprintf(out, size, "%s(%lld)", name_of(&error_names[list], code), (long long)code);
    return out;
}

static const struct code_names *names_of_tag(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(result_names) / sizeof(result_names[0]); i++) {
        if (result_names[i].tag == tag)
            return &result_names[i];
    }
    return NULL;
}

/* --- What commands asked for ---------------------------------------------------------------------------- */

/* A text from the card, which need not be UTF-8. */
static json_t *text_of(struct span octets)
{
    json_t *text = json_stringn((const char *)octets.data, octets.size);

    return text != NULL ? text : json_string("?");
}

static json_t *hex_of(struct span octets)
{
    char text[2 * 512 + 1];

    return json_string(hex_from_span(octets, text, sizeof(text)));
}

static const char *class_name(uint64_t number)
{
    static const char *const names[] = {"test", "provisioning", "operational"};

    return number < 3 ? names[number] : "unknown";
}

/* One member of ProfileInfo into `profile`; false when malformed. */
static bool take_profile_member(const struct tlv *member, json_t *profile)
{
    char digits[ICCID_DIGITS_MAX + 1];
    uint64_t number = 0;

    switch (member->tag) {
    case 0x5A:
        return iccid_to_digits(member->value, digits) &&
               json_object_set_new(profile, "iccid", json_string(digits)) == 0;
    case 0x4F:
        return json_object_set_new(profile, "isdpAid", hex_of(member->value)) == 0;
    case TAG_PROFILE_STATE:
        return tlv_unsigned(member->value, &number) && number < 2 &&
               json_object_set_new(profile, "state", json_string(number == 1 ? "enabled" : "disabled")) == 0;
    case 0x90:
        return json_object_set_new(profile, "nickname", text_of(member->value)) == 0;
    case 0x91:
        return json_object_set_new(profile, "serviceProvider", text_of(member->value)) == 0;
    case 0x92:
        return json_object_set_new(profile, "name", text_of(member->value)) == 0;
    case 0x95:
        return tlv_unsigned(member->value, &number) &&
               json_object_set_new(profile, "class", json_string(class_name(number))) == 0;
    case TAG_ECALL_INDICATION:
    case TAG_FALLBACK_ATTRIBUTE:
    case TAG_FALLBACK_ALLOWED:
        if (member->value.size != 1)
            return false;
        return json_object_set_new(profile,
                                   member->tag == TAG_ECALL_INDICATION     ? "ecall"
                                   : member->tag == TAG_FALLBACK_ATTRIBUTE ? "fallback"
                                                                           : "fallbackAllowed",
                                   json_boolean(member->value.data[0] != 0)) == 0;
    default:
        return true;
    }
}

/* One ProfileInfo (E3's content): iccid, state, … NULL when malformed. */
static json_t *profile_info_read(struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    json_t *profile = json_object();
    enum tlv_status status;
    struct tlv member;

    while ((status = tlv_next(&reader, &member)) == TLV_OK) {
        if (!take_profile_member(&member, profile))
            break;
    }
    if (status != TLV_END) {
        json_decref(profile);
        return NULL;
    }
    return profile;
}

/* A list of `tag`, each made JSON by `read`. */
static json_t *read_list(struct span content, uint32_t tag, json_t *(*read)(struct span))
{
    struct tlv_reader reader = tlv_reader(content);
    json_t *list = json_array();
    struct span entry;

    while (tlv_optional(&reader, tag, &entry)) {
        if (json_array_append_new(list, read(entry)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    if (tlv_finish(&reader))
        return list;
    json_decref(list);
    return NULL;
}

static json_t *read_eim(struct span content)
{
    static const char *const types[] = {"", "oid", "fqdn", "proprietary"};
    struct tlv_reader reader = tlv_reader(content);
    struct span id, type;
    uint64_t number = 0;
    json_t *eim;

    if (!tlv_require_sized(&reader, 0x80, 1, 128, &id))
        return NULL;
    if (tlv_optional(&reader, 0x82, &type) && !tlv_unsigned(type, &number))
        return NULL;
    if (!tlv_skip_rest(&reader))
        return NULL;
    eim = json_pack("{s:o}", "eimId", text_of(id));
    if (number >= 1 && number <= 3)
        json_object_set_new(eim, "type", json_string(types[number]));
    return eim;
}

/* --- One result ----------------------------------------------------------------------------------------- */

/* What a result says: a code, or data under `key`. */
struct said {
    bool has_code;
    int64_t code;
    const char *key;
    json_t *data;
};

static bool say_code(struct span value, struct said *said)
{
    said->has_code = true;
    return tlv_signed(value, &said->code);
}

static bool say_data(struct said *said, const char *key, json_t *data)
{
    said->key = key;
    said->data = data;
    return data != NULL;
}

/* `content` is a list in A0, or an error in `error_tag`. */
static bool list_or_error(struct span content, uint32_t entry_tag, uint32_t error_tag, const char *key,
                          json_t *(*read)(struct span), struct said *said)
{
    struct span inner;

    if (tlv_single(content, 0xA0, &inner) == TLV_OK)
        return say_data(said, key, read_list(inner, entry_tag, read));
    return tlv_single(content, error_tag, &inner) == TLV_OK && say_code(inner, said);
}

static bool added_eim(struct span content, struct said *said)
{
    struct span inner;
    int64_t token;

    if (tlv_single(content, 0x84, &inner) != TLV_OK)
        return tlv_single(content, 0x02, &inner) == TLV_OK && say_code(inner, said);
    return tlv_signed(inner, &token) && say_data(said, "associationToken", json_integer(token));
}

static bool set_address(struct span content, struct said *said)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span code;

    return tlv_require(&reader, 0x80, &code) && tlv_skip_rest(&reader) && say_code(code, said);
}

static bool read_said(const struct tlv *result, struct said *said)
{
    switch (result->tag) {
    case TAG_PROFILES_INFO:
        return list_or_error(result->value, 0xE3, 0x81, "profiles", profile_info_read, said);
    case TAG_LIST_EIM:
        return list_or_error(result->value, 0x30, 0x81, "eims", read_eim, said);
    case TAG_RAT:
        return say_data(said, "rules", hex_of(result->value));
    case TAG_ADD_EIM:
        return added_eim(result->value, said);
    case TAG_IOT_SET_DEFAULT_DP_ADDRESS:
        return set_address(result->value, said);
    default:
        return say_code(result->value, said);
    }
}

/* The result as JSON; NULL when malformed. A code that is no success goes to `failure`, unless one stands. */
static json_t *read_result(const struct tlv *result, char *failure, size_t size)
{
    const struct code_names *names = names_of_tag(result->tag);
    struct said said = {0};
    json_t *json;

    if (names == NULL || !read_said(result, &said)) {
        json_decref(said.data);
        return NULL;
    }
    json = json_pack("{s:s,s:s}", "command", names->name, "result",
                     said.has_code ? name_of(names, said.code) : "ok");
    json_object_set_new(json, "code", json_integer(said.code));
    if (said.data != NULL)
        json_object_set_new(json, said.key, said.data);
    if (failure[0] == '\0' && (result->tag == TAG_TERMINATED ||
                               (said.code != 0 && (names->success == 0 || said.code != names->success))))
        snprintf(failure, size, "%s: %s(%lld)", names->name, name_of(names, said.code), (long long)said.code);
    return json;
}

/* Whether the result in place `index` answers the command there. A rollback and a termination answer any. */
static bool answers(const json_t *request, size_t index, const struct tlv *result)
{
    void *only = json_object_iter(json_array_get(request, index));
    const char *name = only != NULL ? json_object_iter_key(only) : NULL;

    if (result->tag == TAG_TERMINATED || (result->tag == TAG_ROLLBACK && index == 0))
        return true;
    for (size_t i = 0; name != NULL && i < command_count; i++) {
        if (strcmp(command_table[i].name, name) == 0)
            return command_table[i].result_tag == result->tag;
    }
    return false;
}

bool results_read(struct span results, const json_t *request, json_t **list, char *failure, size_t size)
{
    struct tlv_reader reader = tlv_reader(results);
    enum tlv_status status;
    struct tlv result;
    bool rolled_back = tlv_peek(&reader) == TAG_ROLLBACK;
    size_t count = 0;
    json_t *entry;

    *list = json_array();
    failure[0] = '\0';
    while ((status = tlv_next(&reader, &result)) == TLV_OK && count <= COMMANDS_MAX) {
        entry = read_result(&result, failure, size);
        if (entry == NULL || (request != NULL && !answers(request, count, &result))) {
            json_decref(entry);
            break;
        }
        json_array_append_new(*list, entry);
        count++;
    }
    if (status != TLV_END || count == 0) {
        json_decref(*list);
        *list = NULL;
        return false;
    }
    if (request != NULL && failure[0] == '\0' && count < json_array_size(request) && !rolled_back)
        snprintf(failure, size, "the eUICC answered %zu of %zu commands", count, json_array_size(request));
    return true;
}
