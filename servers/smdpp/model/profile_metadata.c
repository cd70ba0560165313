/* Profile metadata from JSON. See profile_metadata.h. */
#include "servers/smdpp/model/profile_metadata.h"

#include "apdu/tlv.h"
#include "common/input.h"
#include "protocol/tags.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Sizes of StoreMetadataRequest's members, in octets. */
#define SERVICE_PROVIDER_MAX 32
#define PROFILE_TEXT_MAX     64
#define ICON_MAX             1024
#define ADDRESS_MAX          255
#define GID_MAX              16

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

static bool complain(struct profile *profile, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool complain(struct profile *profile, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(profile->complaint, sizeof(profile->complaint), format, arguments);
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

static bool check_members(struct profile *profile, const json_t *json)
{
    const char *key;
    json_t *value;

    if (json != NULL && !json_is_object(json))
        return complain(profile, "the metadata is not a JSON object");
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        size_t i = 0;

        while (members[i] != NULL && strcmp(members[i], key) != 0)
            i++;
        if (members[i] == NULL)
            return complain(profile, "metadata: unknown member \"%s\"", key);
    }
    return true;
}

/* A text member, cut to nothing: too long is an error. Default when absent. */
static bool take_text(struct profile *profile, const json_t *json, const char *key, const char *fallback,
                      size_t max, char *out)
{
    const json_t *value = json_object_get(json, key);
    const char *text = json_string_value(value);

    if (value != NULL && (text == NULL || strlen(text) > max))
        return complain(profile, "metadata: %s is not a text of at most %zu octets", key, max);
    snprintf(out, max + 1, "%.*s", (int)max, text != NULL ? text : fallback);
    return true;
}

static bool put_icon(struct profile *profile, const json_t *json, const char *directory, struct buf *out)
{
    const json_t *file = json_object_get(json, "icon");
    const json_t *type = json_object_get(json, "iconType");
    const struct word *kind = find_word(icon_types, type);
    const char *name = json_string_value(file);
    const char *dot = name != NULL ? strrchr(name, '.') : NULL;
    char path[1024];
    char why[INPUT_WHY_MAX];
    struct buf icon = {0};
    bool ok;

    if (file == NULL)
        return type == NULL ? true : complain(profile, "metadata: iconType without icon");
    if (name == NULL || name[0] == '\0' || strchr(name, '/') != NULL)
        return complain(profile, "metadata: icon is not the name of a file in the same directory");
    if (type == NULL && dot != NULL)
        kind = strcmp(dot, ".png") == 0 ? &icon_types[1] : strcmp(dot, ".jpg") == 0 ? &icon_types[0] : NULL;
    if (kind == NULL)
        return complain(profile, "metadata: iconType is neither \"png\" nor \"jpg\"");
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    ok = input_read(path, name, ICON_MAX, &icon, why)
             ? icon.size > 0 || complain(profile, "metadata: the icon %s is empty", name)
             : complain(profile, "metadata, the icon: %s", why);
    if (ok) {
        tlv_put_unsigned(out, 0x93, kind->value);
        tlv_put(out, 0x94, buf_span(&icon));
    }
    buf_free(&icon);
    return ok;
}

static void put_notification(struct buf *out, const uint8_t *bits, const char *address)
{
    size_t at = tlv_open(out, 0x30);

    tlv_put_bits(out, 0x80, bits, EVENT_COUNT);
    tlv_put_string(out, 0x81, address);
    tlv_close(out, at);
}

/* The server's own address first, then what the description asks for. */
static bool put_notifications(struct profile *profile, const json_t *json, const char *server_address,
                              struct buf *out)
{
    const json_t *list = json_object_get(json, "notifications");
    /* Enable, disable and delete: of the installation this server hears by the installation result
     * (SGP.22 3.5). */
    const uint8_t own_events = 0x70;
    size_t at = tlv_open(out, 0xB6);
    const json_t *entry;
    size_t index;

    if (list != NULL && !json_is_array(list))
        return complain(profile, "metadata: notifications is not an array");
    put_notification(out, &own_events, server_address);
    json_array_foreach(list, index, entry)
    {
        const char *address = json_string_value(json_object_get(entry, "address"));
        const json_t *names = json_object_get(entry, "events");
        const json_t *name;
        size_t i;
        uint8_t bits = 0;

        if (address == NULL || address[0] == '\0' || strlen(address) > ADDRESS_MAX)
            return complain(profile, "metadata: notifications[%zu] has no address", index);
        json_array_foreach(names, i, name)
        {
            const struct word *event = find_word(events, name);

            if (event == NULL)
                return complain(profile, "metadata: notifications[%zu] has an unknown event", index);
            bits |= (uint8_t)(0x80u >> event->value);
        }
        if (bits == 0)
            return complain(profile, "metadata: notifications[%zu] has no events", index);
        put_notification(out, &bits, address);
    }
    tlv_close(out, at);
    return true;
}

/* "001-01" or "001-001" to the three octets of 3GPP TS 24.008 10.5.1.13. */
static bool mcc_mnc_octets(const char *text, uint8_t octets[3])
{
    size_t length = text != NULL ? strlen(text) : 0;
    unsigned d[6];

    if ((length != 6 && length != 7) || text[3] != '-')
        return false;
    d[5] = 0xF;
    for (size_t i = 0, n = 0; i < length; i++) {
        if (i == 3)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        d[n++] = (unsigned)(text[i] - '0');
    }
    octets[0] = (uint8_t)(d[1] << 4 | d[0]);
    octets[1] = (uint8_t)(d[5] << 4 | d[2]);
    octets[2] = (uint8_t)(d[4] << 4 | d[3]);
    return true;
}

static bool put_gid(struct profile *profile, const json_t *owner, const char *key, uint32_t tag,
                    struct buf *out)
{
    const json_t *value = json_object_get(owner, key);
    const char *text = json_string_value(value);
    struct buf gid = {0};
    bool ok = text != NULL && buf_append_hex(&gid, text, NULL) && gid.size <= GID_MAX;

    if (ok && gid.size > 0)
        tlv_put(out, tag, buf_span(&gid));
    buf_free(&gid);
    return value == NULL || ok ? true : complain(profile, "metadata: owner.%s is not hexadecimal", key);
}

static bool put_owner(struct profile *profile, const json_t *json, struct buf *out)
{
    const json_t *owner = json_object_get(json, "owner");
    uint8_t octets[3];
    size_t at;

    if (owner == NULL)
        return true;
    if (!mcc_mnc_octets(json_string_value(json_object_get(owner, "mccmnc")), octets))
        return complain(profile, "metadata: owner.mccmnc is not of the form \"001-01\"");
    at = tlv_open(out, 0xB7);
    tlv_put(out, 0x80, SPAN_ARRAY(octets));
    if (!put_gid(profile, owner, "gid1", 0x81, out) || !put_gid(profile, owner, "gid2", 0x82, out))
        return false;
    tlv_close(out, at);
    return true;
}

static bool put_rules(struct profile *profile, const json_t *json, struct buf *out)
{
    const json_t *list = json_object_get(json, "pprs");
    const json_t *name;
    uint8_t bits = 0;
    size_t index;

    if (list != NULL && !json_is_array(list))
        return complain(profile, "metadata: pprs is not an array");
    profile->pprs = 0;
    json_array_foreach(list, index, name)
    {
        const struct word *rule = find_word(rules, name);

        if (rule == NULL)
            return complain(profile, "metadata: pprs[%zu] is neither \"ppr1\" nor \"ppr2\"", index);
        bits |= (uint8_t)(0x80u >> rule->value);
        profile->pprs |= (uint8_t)(1u << rule->value);
    }
    if (bits != 0)
        tlv_put_bits(out, 0x99, &bits, 3);
    return true;
}

/* A BOOLEAN of SGP.32; false is what its absence says. */
static bool put_flag(struct profile *profile, const json_t *json, const char *key, uint32_t tag,
                     struct buf *out)
{
    static const uint8_t true_in_der[] = {0xFF};
    const json_t *value = json_object_get(json, key);

    if (value != NULL && !json_is_boolean(value))
        return complain(profile, "metadata: %s is neither true nor false", key);
    if (json_is_true(value))
        tlv_put(out, tag, SPAN_ARRAY(true_in_der));
    return true;
}

bool profile_metadata_build(struct profile *profile, const json_t *json, const char *directory,
                            const char *server_address)
{
    const json_t *class_value = json_object_get(json, "profileClass");
    const struct word *class = class_value == NULL ? &classes[2] : find_word(classes, class_value);
    const char *fallback = profile->type[0] != '\0' ? profile->type : profile->name;
    struct buf *out = &profile->metadata;
    size_t at;

    if (class == NULL)
        return complain(profile,
                        "metadata: profileClass is not \"operational\", \"test\" or \"provisioning\"");
    if (!check_members(profile, json) ||
        !take_text(profile, json, "serviceProviderName", fallback, SERVICE_PROVIDER_MAX,
                   profile->service_provider) ||
        !take_text(profile, json, "profileName", fallback, PROFILE_TEXT_MAX, profile->profile_name))
        return false;
    profile->profile_class = class->name;
    buf_clear(out);
    at = tlv_open(out, TAG_STORE_METADATA);
    tlv_put(out, 0x5A, SPAN_ARRAY(profile->iccid_octets));
    tlv_put_string(out, 0x91, profile->service_provider);
    tlv_put_string(out, 0x92, profile->profile_name);
    if (!put_icon(profile, json, directory, out))
        return false;
    tlv_put_unsigned(out, 0x95, class->value);
    if (!put_notifications(profile, json, server_address, out) || !put_owner(profile, json, out) ||
        !put_rules(profile, json, out) ||
        !put_flag(profile, json, "ecallIndication", TAG_ECALL_INDICATION, out) ||
        !put_flag(profile, json, "fallbackAllowed", TAG_FALLBACK_ALLOWED, out))
        return false;
    tlv_close(out, at);
    return out->failed ? complain(profile, "out of memory") : true;
}
