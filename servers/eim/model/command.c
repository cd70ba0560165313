/* From JSON to the commands of an eUICC Package. See command.h; results are in command_result.c. */
#include "servers/eim/model/command_table.h"

#include "apdu/iccid.h"
#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "protocol/tags.h"
#include "servers/eim/model/configuration.h"

#include <openssl/objects.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX   255
#define EIM_ID_MAX 128 /* eimId UTF8String (SIZE(1..128)) */

/* --- Arguments ------------------------------------------------------------------------------------------ */

static const char *put_text(const char *text, uint32_t tag, struct buf *out)
{
    tlv_put_string(out, tag, text);
    return NULL;
}

static const char *put_iccid(const char *text, uint32_t tag, struct buf *out)
{
    uint8_t iccid[ICCID_SIZE];

    if (!iccid_from_digits(text, iccid))
        return "is not an ICCID of " ICCID_FORM;
    tlv_put(out, tag, SPAN_ARRAY(iccid));
    return NULL;
}

static const char *put_oid(const char *dotted, uint32_t tag, struct buf *out)
{
    ASN1_OBJECT *object = OBJ_txt2obj(dotted, 1);
    bool ok = object != NULL && OBJ_length(object) > 0;

    if (ok)
        tlv_put(out, tag, SPAN(OBJ_get0_data(object), OBJ_length(object)));
    ASN1_OBJECT_free(object);
    return ok ? NULL : "is not an object identifier such as 2.999.10";
}

static const char *put_eim_id(const char *text, uint32_t tag, struct buf *out)
{
    return text[0] != '\0' ? put_text(text, tag, out) : "is empty";
}

/* A configuration file in base64: AddInitialEim with one entry, or one EimConfigurationData. */
static const char *put_configuration(const char *text, uint32_t tag, struct buf *out)
{
    struct buf octets = {0};
    struct span content;
    const char *why = "is not base64";
    bool ok =
        base64_decode(text, strlen(text), &octets) && configuration_single(buf_span(&octets), &content, &why);

    (void)tag; /* the members of one are those of the command */
    if (ok)
        buf_append(out, content);
    buf_free(&octets);
    return ok ? NULL : why;
}

/* Appends what stands for a member. */
static bool put_member(const json_t *arguments, const char *path, const struct command_member *member,
                       struct buf *out, struct complaint *complaint)
{
    const json_t *value = json_object_get(arguments, member->name);
    const char *text, *why;

    if (value == NULL && member->optional)
        return true;
    if (member->put == NULL) {
        if (json_is_true(value))
            tlv_put(out, member->tag, SPAN_STRING(""));
        return json_is_boolean(value) || complain(complaint, path, member->name, "is not true or false");
    }
    text = require_text(arguments, path, member->name, member->max, complaint);
    if (text == NULL)
        return false;
    why = member->put(text, member->tag, out);
    return why == NULL || complain(complaint, path, member->name, "%s", why);
}

static bool put_members(const json_t *arguments, const char *path, const struct command_member *members,
                        struct buf *out, struct complaint *complaint)
{
    const char *names[COMMAND_MEMBERS_MAX + 1] = {NULL};

    for (size_t i = 0; members[i].name != NULL; i++)
        names[i] = members[i].name;
    if (!check_members(arguments, path, names, complaint))
        return false;
    for (; members->name != NULL; members++) {
        if (!put_member(arguments, path, members, out, complaint))
            return false;
    }
    return true;
}

/* --- The table ------------------------------------------------------------------------------------------ */

#define ICCID                                                                                                \
    {                                                                                                        \
        "iccid", 0x5A, put_iccid, ICCID_DIGITS_MAX, false                                                    \
    }
#define CONFIGURATION                                                                                        \
    {                                                                                                        \
        "configuration", 0, put_configuration, PACKAGE_SIZE_MAX, false                                       \
    }

const struct command command_table[] = {
    {"enable", COMMAND_PSMO, 0xA3, 0x83, false, NAMES_ENABLE, {ICCID, {"rollback", 0x05, NULL, 0, true}}},
    {"disable", COMMAND_PSMO, 0xA4, 0x84, false, NAMES_DISABLE, {ICCID}},
    {"delete", COMMAND_PSMO, 0xA5, 0x85, false, NAMES_DELETE, {ICCID}},
    {"listProfileInfo", COMMAND_PSMO, TAG_PROFILES_INFO, TAG_PROFILES_INFO, true, NAMES_LIST, {{0}}},
    {"getRAT", COMMAND_PSMO, TAG_RAT, TAG_RAT, false, NAMES_DEFAULT_DP, {{0}}},
    {"configureImmediateEnable",
     COMMAND_PSMO,
     0xA7,
     0x87,
     false,
     NAMES_IMMEDIATE,
     {{"enable", 0x80, NULL, 0, true},
      {"smdpOid", 0x81, put_oid, TEXT_MAX, true},
      {"smdpAddress", 0x82, put_text, TEXT_MAX, true}}},
    {"setFallbackAttribute", COMMAND_PSMO, 0xA8, 0x8D, false, NAMES_SET_FALLBACK, {ICCID}},
    {"unsetFallbackAttribute", COMMAND_PSMO, 0xA9, 0x8E, false, NAMES_UNSET_FALLBACK, {{0}}},
    /* SetDefaultDpAddressRequest has no tagged member: its own is [0]. */
    {"setDefaultDpAddress",
     COMMAND_PSMO,
     TAG_IOT_SET_DEFAULT_DP_ADDRESS,
     TAG_IOT_SET_DEFAULT_DP_ADDRESS,
     false,
     NAMES_DEFAULT_DP,
     {{"address", 0x80, put_text, TEXT_MAX, false}}},
    {"addEim", COMMAND_ECO, TAG_ADD_EIM, TAG_ADD_EIM, false, NAMES_ADD_EIM, {CONFIGURATION}},
    {"deleteEim",
     COMMAND_ECO,
     0xA9,
     TAG_DELETED_EIM,
     false,
     NAMES_DELETE_EIM,
     {{"eimId", 0x80, put_eim_id, EIM_ID_MAX, false}}},
    {"updateEim", COMMAND_ECO, 0xAA, 0x8A, false, NAMES_UPDATE_EIM, {CONFIGURATION}},
    {"listEim", COMMAND_ECO, TAG_LIST_EIM, TAG_LIST_EIM, true, NAMES_UNDEFINED, {{0}}},
    {"rollback", COMMAND_NONE, 0, TAG_ROLLBACK, false, NAMES_ROLLED_BACK, {{0}}},
    {"processingTerminated", COMMAND_NONE, 0, TAG_TERMINATED, false, NAMES_TERMINATED, {{0}}},
};
const size_t command_count = sizeof(command_table) / sizeof(command_table[0]);

/* NULL for another name. */
static const struct command *command_by_name(const char *name, bool eco)
{
    for (size_t i = 0; i < command_count; i++) {
        if (command_table[i].list == (eco ? COMMAND_ECO : COMMAND_PSMO) &&
            strcmp(command_table[i].name, name) == 0)
            return &command_table[i];
    }
    return NULL;
}

/* iccid, isdpAid, profileState, profileNickname, serviceProviderName, profileName, profileClass: what the eIM
 * keeps, of what ProfileInfo has in SGP.32 v1.0. */
static const uint8_t older_tags[] = {0x5A, 0x4F, 0x9F, 0x70, 0x90, 0x91, 0x92, 0x95};

static bool put_command(const json_t *entry, bool eco, bool older, const char *path, struct buf *out,
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
    at = tlv_open(out, command->tag);
    ok = put_members(json_object_iter_value(only), inner, command->members, out, complaint);
    if (older && command->tag == TAG_PROFILES_INFO)
        tlv_put(out, TAG_TAG_LIST, SPAN_ARRAY(older_tags));
    tlv_close(out, at);
    return ok;
}

bool commands_put(const json_t *list, bool eco, bool older, struct buf *out, struct complaint *complaint)
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
        if (!put_command(entry, eco, older, path, out, complaint))
            return false;
    }
    if (out->failed || out->size > PACKAGE_SIZE_MAX)
        return complain(complaint, name, NULL, "is larger than %zu octets", PACKAGE_SIZE_MAX);
    return true;
}

bool commands_have_later_members(const json_t *request)
{
    bool eco = json_object_get(request, "eco") != NULL;
    const json_t *list = json_object_get(request, eco ? "eco" : "psmo");
    const struct command *command;
    json_t *entry;
    size_t i;

    json_array_foreach(list, i, entry)
    {
        command = command_by_name(json_object_iter_key(json_object_iter(entry)), eco);
        if (command != NULL && command->has_later_members)
            return true;
    }
    return false;
}
