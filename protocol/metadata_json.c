/* Profile metadata from JSON. See metadata_json.h. */
#include "protocol/metadata_json.h"

#include "apdu/digits.h"
#include "apdu/tlv.h"
#include "crypto/printable.h"
#include "protocol/tags.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define METADATA_JSON_MAX (1024 * 1024) /* octets */

#define GID_MAX 16

#define EVENT_COUNT 4

/* A name in the JSON and its number in the ASN.1 module. */
struct word {
    const char *name;
    unsigned value;
};

static const struct word classes[] = {{"test", 0}, {"provisioning", 1}, {"operational", 2}, {NULL, 0}};
static const struct word events[] = {{"install", 0}, {"enable", 1}, {"disable", 2}, {"delete", 3}, {NULL, 0}};
static const struct word rules[] = {{"ppr1", 1}, {"ppr2", 2}, {NULL, 0}};
static const struct word icon_types[] = {{"jpg", 0}, {"png", 1}, {NULL, 0}};

static const char *const members[] = {"serviceProviderName",
                                      "profileName",
                                      "profileClass",
                                      "pprs",
                                      "notifications",
                                      "icon",
                                      "iconType",
                                      "owner",
                                      "ecallIndication",
                                      "fallbackAllowed",
                                      NULL};
static const char *const notification_members[] = {"address", "events", NULL};
static const char *const owner_members[] = {"mccmnc", "gid1", "gid2", NULL};

/* A description on its way. */
struct reading {
    const struct metadata_profile *profile;
    struct metadata_facts *facts;
    struct buf *out;
    char *why;
};

static bool metadata_complain(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool metadata_complain(struct reading *reading, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(reading->why, METADATA_WHY_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static const struct word *find_word(const struct word *words, const json_t *value)
{
    const char *name = json_string_value(value);

    for (; name != NULL && words->name != NULL; words++) {
        if (strcmp(words->name, name) == 0)
            return words;
    }
    return NULL;
}

/* The value at `path` ("" is the whole) is an object with no other members than these. */
static bool check_object(struct reading *reading, const char *path, const json_t *json,
                         const char *const *names)
{
    const char *dot = path[0] != '\0' ? "." : "";
    const char *key;
    json_t *value;

    if (!json_is_object(json))
        return metadata_complain(reading, "%s is not a JSON object", path[0] != '\0' ? path : "it");
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        size_t i = 0;

        while (names[i] != NULL && strcmp(names[i], key) != 0)
            i++;
        if (names[i] == NULL)
            return metadata_complain(reading, "%s%s%.60s: there is no such member", path, dot, key);
    }
    return true;
}

/* A list, when it is there. */
static bool check_list(struct reading *reading, const char *path, const json_t *list)
{
    return list == NULL || json_is_array(list) || metadata_complain(reading, "%s is not a list", path);
}

/* The default of a name: at most `max` characters, '?' for what is none. */
static void put_default(const char *name, size_t max, char *out)
{
    size_t left = strlen(name), size;
    uint32_t character;

    for (; left > 0 && max > 0; max--) {
        size = printable_character(name, left, &character);
        memcpy(out, size > 0 ? name : "?", size > 0 ? size : 1);
        out += size > 0 ? size : 1;
        name += size > 0 ? size : 1;
        left -= size > 0 ? size : 1;
    }
    *out = '\0';
}

/* A text of at most `max` characters; the default, cut to that, when it is absent. */
static bool take_name(struct reading *reading, const json_t *json, const char *key, size_t max, char *out)
{
    const json_t *value = json_object_get(json, key);
    const char *text = json_string_value(value);
    size_t characters;

    if (value == NULL)
        put_default(reading->profile->name, max, out);
    else if (text == NULL || !metadata_is_text(span_of_string(text), &characters) || characters > max)
        return metadata_complain(reading, "%s is not a text of at most %zu characters", key, max);
    else
        strcpy(out, text);
    return true;
}

/* --- Icon ----------------------------------------------------------------------------------------------- */

static bool read_icon(struct reading *reading, const char *name, struct buf *icon)
{
    char path[1024];
    char why[METADATA_READ_WHY];

    snprintf(path, sizeof(path), "%s/%s", reading->profile->directory, name);
    if (!reading->profile->read(path, name, METADATA_ICON_MAX, icon, why))
        return metadata_complain(reading, "icon: %.150s", why);
    return icon->size > 0 || metadata_complain(reading, "icon: %.100s is empty", name);
}

static bool put_icon(struct reading *reading, const json_t *json)
{
    const json_t *file = json_object_get(json, "icon");
    const json_t *type = json_object_get(json, "iconType");
    const struct word *kind = find_word(icon_types, type);
    const char *name = json_string_value(file);
    const char *dot = name != NULL ? strrchr(name, '.') : NULL;
    struct buf icon = {0};
    bool good;

    if (file == NULL)
        return type == NULL || metadata_complain(reading, "iconType: there is no icon");
    if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL || strlen(name) > METADATA_FILE_MAX)
        return metadata_complain(reading, "icon is not the name of a file in the same directory");
    strcpy(reading->facts->icon, name);
    if (type == NULL && dot != NULL)
        kind = strcmp(dot, ".png") == 0 ? &icon_types[1] : strcmp(dot, ".jpg") == 0 ? &icon_types[0] : NULL;
    if (kind == NULL)
        return metadata_complain(reading, "iconType is neither \"png\" nor \"jpg\"");
    good = read_icon(reading, name, &icon);
    if (good) {
        tlv_put_unsigned(reading->out, 0x93, kind->value);
        tlv_put(reading->out, 0x94, buf_span(&icon));
    }
    buf_free(&icon);
    return good;
}

/* --- Notifications -------------------------------------------------------------------------------------- */

static void put_notification(struct buf *out, uint8_t bits, const char *address)
{
    size_t at = tlv_open(out, 0x30);

    tlv_put_bits(out, 0x80, &bits, EVENT_COUNT);
    tlv_put_string(out, 0x81, address);
    tlv_close(out, at);
}

/* The events at `path`, at least one. */
static bool take_events(struct reading *reading, const char *path, const json_t *list, uint8_t *bits)
{
    const json_t *name;
    size_t i;

    *bits = 0;
    if (!json_is_array(list))
        return metadata_complain(reading, "%s.events is not a list", path);
    json_array_foreach(list, i, name)
    {
        const struct word *event = find_word(events, name);

        if (event == NULL)
            return metadata_complain(reading, "%s.events[%zu] is not install, enable, disable or delete",
                                     path, i);
        *bits |= (uint8_t)(0x80u >> event->value);
    }
    return *bits != 0 || metadata_complain(reading, "%s.events is empty", path);
}

/* The server's own address first, then what the description asks for. */
static bool put_notifications(struct reading *reading, const json_t *json)
{
    const json_t *list = json_object_get(json, "notifications");
    /* Enable, disable and delete: of the installation this server hears by the installation result
     * (SGP.22 3.5). */
    const uint8_t own_events = 0x70;
    const json_t *entry;
    size_t index;
    size_t at;

    if (!check_list(reading, "notifications", list))
        return false;
    if (reading->profile->server_address == NULL && json_array_size(list) == 0)
        return true;
    at = tlv_open(reading->out, 0xB6);
    if (reading->profile->server_address != NULL)
        put_notification(reading->out, own_events, reading->profile->server_address);
    json_array_foreach(list, index, entry)
    {
        const char *address = json_string_value(json_object_get(entry, "address"));
        char path[40];
        uint8_t bits;

        snprintf(path, sizeof(path), "notifications[%zu]", index);
        if (!check_object(reading, path, entry, notification_members))
            return false;
        if (address == NULL || address[0] == '\0' || strlen(address) > METADATA_ADDRESS_MAX)
            return metadata_complain(reading, "%s.address is not a text of 1 to %d octets", path,
                                     METADATA_ADDRESS_MAX);
        if (!take_events(reading, path, json_object_get(entry, "events"), &bits))
            return false;
        put_notification(reading->out, bits, address);
    }
    tlv_close(reading->out, at);
    return true;
}

/* --- Owner, rules, flags -------------------------------------------------------------------------------- */

/* "001-01" or "001-001" to the three octets of 3GPP TS 24.008 10.5.1.13. */
static bool mcc_mnc_octets(const char *text, uint8_t octets[PLMN_SIZE])
{
    char digits[7];

    if (text == NULL || strlen(text) > 7 || strlen(text) < 6 || text[3] != '-')
        return false;
    snprintf(digits, sizeof(digits), "%.3s%s", text, text + 4);
    if (!digits_are(digits, 5, 6))
        return false;
    digits_plmn(digits, strlen(digits) - 3, octets);
    return true;
}

static bool put_gid(struct reading *reading, const json_t *owner, const char *key, uint32_t tag)
{
    const json_t *value = json_object_get(owner, key);
    const char *text = json_string_value(value);
    struct buf gid = {0};
    bool ok = text != NULL && buf_append_hex(&gid, text, NULL) && gid.size <= GID_MAX;

    if (ok && gid.size > 0)
        tlv_put(reading->out, tag, buf_span(&gid));
    buf_free(&gid);
    return value == NULL || ok ||
           metadata_complain(reading, "owner.%s is not hexadecimal of at most %d octets", key, GID_MAX);
}

static bool put_owner(struct reading *reading, const json_t *json)
{
    const json_t *owner = json_object_get(json, "owner");
    uint8_t octets[PLMN_SIZE];
    size_t at;

    if (owner == NULL)
        return true;
    if (!check_object(reading, "owner", owner, owner_members))
        return false;
    if (!mcc_mnc_octets(json_string_value(json_object_get(owner, "mccmnc")), octets))
        return metadata_complain(reading, "owner.mccmnc is not of the form \"001-01\"");
    at = tlv_open(reading->out, 0xB7);
    tlv_put(reading->out, 0x80, SPAN_ARRAY(octets));
    if (!put_gid(reading, owner, "gid1", 0x81) || !put_gid(reading, owner, "gid2", 0x82))
        return false;
    tlv_close(reading->out, at);
    return true;
}

static bool put_rules(struct reading *reading, const json_t *json)
{
    const json_t *list = json_object_get(json, "pprs");
    const json_t *name;
    uint8_t bits = 0;
    size_t index;

    if (!check_list(reading, "pprs", list))
        return false;
    json_array_foreach(list, index, name)
    {
        const struct word *rule = find_word(rules, name);

        if (rule == NULL)
            return metadata_complain(reading, "pprs[%zu] is neither \"ppr1\" nor \"ppr2\"", index);
        bits |= (uint8_t)(0x80u >> rule->value);
        reading->facts->pprs |= (uint8_t)(1u << rule->value);
    }
    if (bits != 0 && json_object_get(json, "owner") == NULL)
        return metadata_complain(reading, "pprs: an eUICC allows rules to an owner, and owner is missing");
    if (bits != 0)
        tlv_put_bits(reading->out, 0x99, &bits, 3);
    return true;
}

/* A BOOLEAN of SGP.32; false is what its absence says. */
static bool put_flag(struct reading *reading, const json_t *json, const char *key, uint32_t tag, bool *fact)
{
    static const uint8_t true_in_der[] = {0xFF};
    const json_t *value = json_object_get(json, key);

    if (value != NULL && !json_is_boolean(value))
        return metadata_complain(reading, "%s is neither true nor false", key);
    *fact = json_is_true(value);
    if (*fact)
        tlv_put(reading->out, tag, SPAN_ARRAY(true_in_der));
    return true;
}

/* --- The whole ------------------------------------------------------------------------------------------ */

static bool take_class(struct reading *reading, const json_t *json, const struct word **class)
{
    const json_t *value = json_object_get(json, "profileClass");

    *class = value == NULL ? &classes[2] : find_word(classes, value);
    if (*class == NULL)
        return metadata_complain(reading,
                                 "profileClass is not \"operational\", \"test\" or \"provisioning\"");
    reading->facts->profile_class = (*class)->name;
    return true;
}

bool metadata_json_build(const json_t *json, const struct metadata_profile *profile, struct buf *out,
                         struct metadata_facts *facts, char *why)
{
    struct reading reading = {profile, facts, out, why};
    const size_t start = out->size;
    struct metadata_fault fault;
    const struct word *class;
    size_t at;

    memset(facts, 0, sizeof(*facts));
    if ((json != NULL && !check_object(&reading, "", json, members)) || !take_class(&reading, json, &class) ||
        !take_name(&reading, json, "serviceProviderName", METADATA_PROVIDER_MAX, facts->service_provider) ||
        !take_name(&reading, json, "profileName", METADATA_NAME_MAX, facts->profile_name))
        return false;
    at = tlv_open(out, TAG_STORE_METADATA);
    tlv_put(out, TAG_ICCID, SPAN(profile->iccid, ICCID_SIZE));
    tlv_put_string(out, 0x91, facts->service_provider);
    tlv_put_string(out, 0x92, facts->profile_name);
    if (!put_icon(&reading, json))
        return false;
    tlv_put_unsigned(out, 0x95, class->value);
    if (!put_notifications(&reading, json) || !put_owner(&reading, json) || !put_rules(&reading, json) ||
        !put_flag(&reading, json, "ecallIndication", TAG_ECALL_INDICATION, &facts->ecall) ||
        !put_flag(&reading, json, "fallbackAllowed", TAG_FALLBACK_ALLOWED, &facts->fallback_allowed))
        return false;
    tlv_close(out, at);
    if (out->failed)
        return metadata_complain(&reading, "out of memory");
    /* What no member of the JSON is at fault for: the package's ICCID, the server's address. */
    return metadata_check(SPAN(out->data + start, out->size - start), &fault) ||
           metadata_complain(&reading, "%s: %s", fault.member, fault.reason);
}

json_t *metadata_json_load(const char *path, metadata_read *read, char *why)
{
    char unreadable[METADATA_READ_WHY];
    struct buf text = {0};
    json_error_t where;
    json_t *json = NULL;

    if (!read(path, "it", METADATA_JSON_MAX, &text, unreadable)) {
        snprintf(why, METADATA_WHY_SIZE, "%.170s", unreadable);
    } else {
        /* Of nothing at all there are no octets to point at. */
        json = json_loadb(text.size > 0 ? (const char *)text.data : "", text.size, JSON_REJECT_DUPLICATES,
                          &where);
        if (json == NULL)
            snprintf(why, METADATA_WHY_SIZE, "line %d: %.150s", where.line, where.text);
    }
    buf_free(&text);
    return json;
}
