/* Settings as words: see card_settings.h. */
#include "device/card_settings.h"

#include "common/duration.h"
#include "common/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct softeuicc_setting *setting_of(struct span name)
{
    const struct softeuicc_setting *setting = NULL;

    for (size_t i = 0; (setting = softeuicc_setting_at(i)) != NULL; i++)
        if (span_equal(name, span_of_string(setting->name)))
            return setting;
    return NULL;
}

bool card_setting_split(const char *word, struct card_setting_word *parts)
{
    size_t length = strcspn(word, "@=");
    const char *end = strrchr(word, '=');
    const struct softeuicc_setting *setting;

    *parts = (struct card_setting_word){.name = SPAN(word, length)};
    if (length == 0 || end == NULL)
        return false;
    if (word[length] == '@')
        parts->eim = SPAN(word + length + 1, (size_t)(end - word) - length - 1);
    else
        end = word + length;
    parts->value = span_of_string(end + 1);
    setting = setting_of(parts->name);
    return parts->eim.data == NULL || setting == NULL || setting->kind != SOFTEUICC_SETTING_PSK ||
           strchr(word, '=') == end;
}

const char *card_setting_value(struct span name, const char *value, char out[CARD_SETTING_SIZE])
{
    const struct softeuicc_setting *setting = setting_of(name);
    int64_t milliseconds;

    if (strcmp(value, "default") == 0)
        return NULL;
    if (setting == NULL || setting->kind != SOFTEUICC_SETTING_SECONDS ||
        !duration_read(value, &milliseconds) || milliseconds % 1000 != 0)
        return value;
    snprintf(out, CARD_SETTING_SIZE, "%" PRId64, milliseconds / 1000);
    return out;
}

const char *card_setting_kind(enum softeuicc_setting_kind kind)
{
    static const char *const names[] = {
        [SOFTEUICC_SETTING_SECONDS] = "seconds", [SOFTEUICC_SETTING_PERCENT] = "percent",
        [SOFTEUICC_SETTING_SWITCH] = "switch",   [SOFTEUICC_SETTING_HOURS] = "hours",
        [SOFTEUICC_SETTING_ADDRESS] = "address", [SOFTEUICC_SETTING_PSK] = "psk",
    };

    return names[kind];
}

const char *card_setting_kind_named(const char *name)
{
    const struct softeuicc_setting *setting = setting_of(span_of_string(name));

    return setting != NULL ? card_setting_kind(setting->kind) : "";
}

const char *card_setting_text(const char *kind, const char *value, char out[CARD_SETTING_SIZE])
{
    int64_t number;

    if (value[0] == '\0')
        return "none";
    if (strcmp(kind, "seconds") == 0 && number_read(value, 0, DURATION_MAX / 1000, &number))
        return duration_word(number, out);
    if (strcmp(kind, "percent") == 0 && strlen(value) < CARD_SETTING_SIZE - 1) {
        snprintf(out, CARD_SETTING_SIZE, "%s%%", value);
        return out;
    }
    return value;
}
