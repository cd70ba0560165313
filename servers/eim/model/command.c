/* From JSON to the commands of an eUICC Package. See command.h; results are in command_result.c. */
#include "servers/eim/model/command_table.h"

#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "profiles/iccid.h"
#include "protocol/tags.h"
#include "servers/eim/model/configuration.h"

#include <openssl/objects.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX   255
#define EIM_ID_MAX 128 /* eimId UTF8String (SIZE(1..128)) */

/* --- Complaints ----------------------------------------------------------------------------------------- */

bool complain(struct complaint *complaint, const char *path, const char *member, const char *format, ...)
{
    va_list arguments;

    if (complaint->why[0] != '\0')
        return false;
    snprintf(complaint->field, sizeof(complaint->field), "%s%s%s", path,
             path[0] != '\0' && member != NULL ? "." : "", member != NULL ? member : "");
    va_start(arguments, format);
    vsnprintf(complaint->why, sizeof(complaint->why), format, arguments);
    va_end(arguments);
    return false;
}

bool check_members(const json_t *object, const char *path, const char *const *names,
                   struct complaint *complaint)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object))
        return complain(complaint, path, NULL, "is not an object");
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL)
            return complain(complaint, path, key, "there is no such field");
    }
    return true;
}

const char *require_text(const json_t *object, const char *path, const char *member, size_t max,
                         struct complaint *complaint)
{
    const json_t *value = json_object_get(object, member);

    if (value == NULL)
        complain(complaint, path, member, "is missing");
    else if (!json_is_string(value))
        complain(complaint, path, member, "is not a text");
    else if (json_string_length(value) > max)
        complain(complaint, path, member, "is longer than %zu octets", max);
    else
        return json_string_value(value);
    return NULL;
}

/* --- Arguments ------------------------------------------------------------------------------------------ */

static bool put_iccid(const json_t *arguments, const char *path, struct buf *out, struct complaint *complaint)
{
    const char *text = require_text(arguments, path, "iccid", ICCID_DIGITS_MAX, complaint);
    uint8_t iccid[ICCID_SIZE];

    if (text == NULL)
        return false;
    if (strlen(text) < 18 || !iccid_from_digits(text, iccid))
        return complain(complaint, path, "iccid", "is not an ICCID of 18 to 20 digits");
    tlv_put(out, 0x5A, SPAN_ARRAY(iccid));
    return true;
}

/* Absent is false. */
static bool take_flag(const json_t *arguments, const char *path, const char *member, bool *flag,
                      struct complaint *complaint)
{
    const json_t *value = json_object_get(arguments, member);

    *flag = json_is_true(value);
    if (value != NULL && !json_is_boolean(value))
        return complain(complaint, path, member, "is not true or false");
    return true;
}

static bool put_enable(const json_t *arguments, const char *path, struct buf *out,
                       struct complaint *complaint)
{
    bool rollback;

    if (!take_flag(arguments, path, "rollback", &rollback, complaint) ||
        !put_iccid(arguments, path, out, complaint))
        return false;
    if (rollback)
        tlv_put(out, 0x05, SPAN_STRING(""));
    return true;
}

static bool put_nothing(const json_t *arguments, const char *path, struct buf *out,
                        struct complaint *complaint)
{
    (void)arguments;
    (void)path;
    (void)out;
    (void)complaint;
    return true;
}

static bool put_oid(const char *dotted, struct buf *out)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    bool ok = object != NULL && OBJ_length(object) > 0;

    if (ok)
        tlv_put(out, 0x81, SPAN(OBJ_get0_data(object), OBJ_length(object)));
    ASN1_OBJECT_free(object);
    return ok;
}

static bool put_immediate_enable(const json_t *arguments, const char *path, struct buf *out,
                                 struct complaint *complaint)
{
    bool enable;
    const char *text;

    if (!take_flag(arguments, path, "enable", &enable, complaint))
        return false;
    if (enable)
        tlv_put(out, 0x80, SPAN_STRING(""));
    if (json_object_get(arguments, "smdpOid") != NULL) {
        text = require_text(arguments, path, "smdpOid", TEXT_MAX, complaint);
        if (text == NULL)
            return false;
        if (!put_oid(text, out))
            return complain(complaint, path, "smdpOid", "is not an object identifier such as 2.999.10");
    }
    if (json_object_get(arguments, "smdpAddress") != NULL) {
        text = require_text(arguments, path, "smdpAddress", TEXT_MAX, complaint);
        if (text == NULL)
            return false;
        tlv_put_string(out, 0x82, text);
    }
    return true;
}

static bool put_address(const json_t *arguments, const char *path, struct buf *out,
                        struct complaint *complaint)
{
    const char *text = require_text(arguments, path, "address", TEXT_MAX, complaint);

    /* SetDefaultDpAddressRequest has no tagged member: its own is [0]. */
    if (text != NULL)
        tlv_put_string(out, 0x80, text);
    return text != NULL;
}

static bool put_eim_id(const json_t *arguments, const char *path, struct buf *out,
                       struct complaint *complaint)
{
    const char *text = require_text(arguments, path, "eimId", EIM_ID_MAX, complaint);

    if (text == NULL)
        return false;
    if (text[0] == '\0')
        return complain(complaint, path, "eimId", "is empty");
    tlv_put_string(out, 0x80, text);
    return true;
}

/* A configuration file in base64: AddInitialEim with one entry, or one EimConfigurationData. */
static bool put_configuration(const json_t *arguments, const char *path, struct buf *out,
                              struct complaint *complaint)
{
    const char *text = require_text(arguments, path, "configuration", PACKAGE_SIZE_MAX, complaint);
    struct buf octets = {0};
    struct span content;
    const char *why = "is not base64";
    bool ok;

    if (text == NULL)
        return false;
    ok =
        base64_decode(text, strlen(text), &octets) && configuration_single(buf_span(&octets), &content, &why);
    if (ok)
        buf_append(out, content);
    else
        complain(complaint, path, "configuration", "%s", why);
    buf_free(&octets);
    return ok;
}

/* --- The table ------------------------------------------------------------------------------------------ */

const struct command command_table[] = {
    {"enable", false, 0xA3, 0x83, {"iccid", "rollback", NULL}, put_enable},
    {"disable", false, 0xA4, 0x84, {"iccid", NULL}, put_iccid},
    {"delete", false, 0xA5, 0x85, {"iccid", NULL}, put_iccid},
    {"listProfileInfo", false, TAG_PROFILES_INFO, TAG_PROFILES_INFO, {NULL}, put_nothing},
    {"getRAT", false, 0xA6, 0xA6, {NULL}, put_nothing},
    {"configureImmediateEnable",
     false,
     0xA7,
     0x87,
     {"enable", "smdpOid", "smdpAddress", NULL},
     put_immediate_enable},
    {"setFallbackAttribute", false, 0xA8, 0x8D, {"iccid", NULL}, put_iccid},
    {"unsetFallbackAttribute", false, 0xA9, 0x8E, {NULL}, put_nothing},
    {"setDefaultDpAddress",
     false,
     TAG_IOT_SET_DEFAULT_DP_ADDRESS,
     TAG_IOT_SET_DEFAULT_DP_ADDRESS,
     {"address", NULL},
     put_address},
    {"addEim", true, 0xA8, 0xA8, {"configuration", NULL}, put_configuration},
    {"deleteEim", true, 0xA9, 0x89, {"eimId", NULL}, put_eim_id},
    {"updateEim", true, 0xAA, 0x8A, {"configuration", NULL}, put_configuration},
    {"listEim", true, 0xAB, 0xAB, {NULL}, put_nothing},
};
const size_t command_count = sizeof(command_table) / sizeof(command_table[0]);

/* NULL for another name. */
static const struct command *command_by_name(const char *name, bool eco)
{
    for (size_t i = 0; i < command_count; i++) {
        if (command_table[i].eco == eco && strcmp(command_table[i].name, name) == 0)
            return &command_table[i];
    }
    return NULL;
}

static bool put_command(const json_t *entry, bool eco, const char *path, struct buf *out,
                        struct complaint *complaint)
{
    void *only = json_object_iter((json_t *)(uintptr_t)entry);
    const struct command *command;
    char inner[96];
    size_t at;
    bool ok;

    if (!json_is_object(entry) || json_object_size(entry) != 1)
        return complain(complaint, path, NULL, "is not an object with the name of one command");
    command = command_by_name(json_object_iter_key(only), eco);
    if (command == NULL)
        return complain(complaint, path, json_object_iter_key(only), "there is no such %s",
                        eco ? "eCO" : "PSMO");
    snprintf(inner, sizeof(inner), "%s.%s", path, command->name);
    if (!check_members(json_object_iter_value(only), inner, command->members, complaint))
        return false;
    at = tlv_open(out, command->tag);
    ok = command->put(json_object_iter_value(only), inner, out, complaint);
    tlv_close(out, at);
    return ok;
}

bool commands_put(const json_t *list, bool eco, struct buf *out, struct complaint *complaint)
{
    const char *name = eco ? "eco" : "psmo";
    char path[32];
    json_t *entry;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) == 0)
        return complain(complaint, name, NULL, "is not a list of commands");
    if (json_array_size(list) > COMMANDS_MAX)
        return complain(complaint, name, NULL, "has more than %d commands", COMMANDS_MAX);
    json_array_foreach(list, i, entry)
    {
        snprintf(path, sizeof(path), "%s[%zu]", name, i);
        if (!put_command(entry, eco, path, out, complaint))
            return false;
    }
    if (out->failed || out->size > PACKAGE_SIZE_MAX)
        return complain(complaint, name, NULL, "is larger than %zu octets", PACKAGE_SIZE_MAX);
    return true;
}
