/* The settings of a card's IPAe as JSON: see card_settings_json.h. */
#include "device/card_settings_json.h"

#include "device/card_settings.h"
#include "device/inspect_json.h"

#include <stdio.h>
#include <string.h>

/* What is set of this one (softeuicc_inspect): the value for all, and those of single eIMs, which are
 * appended. */
static const char *take_set(const json_t *set, const char *name, json_t *eims)
{
    const char *for_all = NULL;
    size_t index;
    json_t *row;

    json_array_foreach(set, index, row)
    {
        const char *value = json_string_value(json_object_get(row, "value"));
        json_t *eim = json_object_get(row, "eim_id");

        if (value == NULL || strcmp(json_string_value(json_object_get(row, "name")), name) != 0)
            continue;
        if (eim == NULL)
            for_all = value;
        else
            json_array_append_new(eims, json_pack("{s:O, s:s}", "eim_id", eim, "value", value));
    }
    return for_all;
}

static json_t *setting_json(const struct softeuicc_setting *setting, const json_t *set)
{
    json_t *eims = json_array();
    const char *value = take_set(set, setting->name, eims);
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:s}", "name", setting->name, "kind",
                             card_setting_kind(setting->kind), "value",
                             value != NULL ? value : setting->preset, "default", setting->preset, "set",
                             value != NULL, "per_eim", setting->per_eim, "meaning", setting->meaning);

    if (setting->kind == SOFTEUICC_SETTING_SECONDS || setting->kind == SOFTEUICC_SETTING_PERCENT) {
        json_object_set_new(json, "min", json_integer(setting->min));
        json_object_set_new(json, "max", json_integer(setting->max));
    }
    if (json_array_size(eims) > 0)
        json_object_set(json, "eims", eims);
    json_decref(eims);
    return json;
}

json_t *card_settings_json(struct softeuicc *card, char *why, size_t size)
{
    const struct softeuicc_setting *setting;
    json_t *facts = inspect_json(card);
    const json_t *set = json_object_get(json_object_get(facts, "ipae"), "settings");
    json_t *list = json_array();

    snprintf(why, size, "%s",
             facts == NULL ? "the card's storage could not be read" : "the card has no IPAe");
    for (size_t i = 0; set != NULL && (setting = softeuicc_setting_at(i)) != NULL; i++)
        json_array_append_new(list, setting_json(setting, set));
    if (set == NULL) {
        json_decref(list);
        list = NULL;
    }
    json_decref(facts);
    return list != NULL ? json_pack("{s:o}", "settings", list) : NULL;
}
