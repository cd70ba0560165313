/* The results of an eUICC Package (SGP.32 2.11.2.1) as JSON, with the code names of the ASN.1 module. See
 * command.h. */
#include "servers/eim/model/command_table.h"

#include "apdu/iccid.h"
#include "apdu/tlv.h"
#include "protocol/tags.h"

#include <stdio.h>
#include <string.h>

#define LAST_EIM_DELETED 2 /* deleteEim's success beside ok(0) */

char *code_text(enum names list, int64_t code, char *out, size_t size)
{
    snprintf(out, size, "%s(%lld)", names_of(list, (uint64_t)code), (long long)code);
    return out;
}

static const struct command *command_of_result(uint32_t tag)
{
    for (size_t i = 0; i < command_count; i++) {
        if (command_table[i].result_tag == tag)
            return &command_table[i];
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
    struct tlv member;
    bool ok = true;

    while (ok && tlv_next(&reader, &member) == TLV_OK)
        ok = take_profile_member(&member, profile);
    if (ok && tlv_good(&reader))
        return profile;
    json_decref(profile);
    return NULL;
}

/* A list of `tag`, each made JSON by `read`. */
static json_t *read_list(struct span content, uint32_t tag, json_t *(*read)(struct span))
{
    struct tlv_reader reader = tlv_reader(content);
    json_t *list = json_array();
    struct span entry;
    bool ok = true;

    while (ok && tlv_optional(&reader, tag, &entry))
        ok = json_array_append_new(list, read(entry)) == 0;
    if (ok && tlv_finish(&reader))
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

/* What a result says: a code, or, after ok(0), data under `key`. */
struct said {
    int64_t code;
    const char *key;
    json_t *data;
};

static bool say_code(struct span value, struct said *said)
{
    return tlv_signed(value, &said->code);
}

static bool say_data(struct said *said, const char *key, json_t *data)
{
    said->key = key;
    said->data = data;
    return data != NULL;
}

/* `content` is a list in A0, or an error in 81. */
static bool list_or_error(struct span content, uint32_t entry_tag, const char *key,
                          json_t *(*read)(struct span), struct said *said)
{
    struct span inner;

    if (tlv_single(content, 0xA0, &inner) == TLV_OK)
        return say_data(said, key, read_list(inner, entry_tag, read));
    return tlv_single(content, 0x81, &inner) == TLV_OK && say_code(inner, said);
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
        return list_or_error(result->value, 0xE3, "profiles", profile_info_read, said);
    case TAG_LIST_EIM:
        return list_or_error(result->value, 0x30, "eims", read_eim, said);
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

static bool is_success(uint32_t tag, int64_t code)
{
    return tag != TAG_TERMINATED && (code == 0 || (tag == TAG_DELETED_EIM && code == LAST_EIM_DELETED));
}

/* The result as JSON; NULL when malformed. A code that is no success goes to `failure`, unless one stands. */
static json_t *read_result(const struct tlv *result, char *failure, size_t size)
{
    const struct command *command = command_of_result(result->tag);
    struct said said = {0};
    const char *name;
    json_t *json;

    if (command == NULL || !read_said(result, &said)) {
        json_decref(said.data);
        return NULL;
    }
    name = said.code == 0 ? "ok" : names_of(command->codes, (uint64_t)said.code);
    json =
        json_pack("{s:s,s:s,s:I}", "command", command->name, "result", name, "code", (json_int_t)said.code);
    if (said.data != NULL)
        json_object_set_new(json, said.key, said.data);
    if (failure[0] == '\0' && !is_success(result->tag, said.code))
        snprintf(failure, size, "%s: %s(%lld)", command->name, name, (long long)said.code);
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
