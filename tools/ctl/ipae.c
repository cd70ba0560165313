/* `ctl ipae`: the settings of a card's IPAe, as words and as tables. */
#include "common/print/print.h"
#include "common/tool.h"
#include "device/card_settings.h"
#include "tools/ctl/facts.h"

#include <string.h>

/* --- setting ------------------------------------------------------------------------------------------ */

static json_t *word_of(const char *word, const char *eim)
{
    struct card_setting_word parts;
    json_t *json;

    if (!card_setting_split(word, &parts)) {
        tool_usage("it is NAME=VALUE or NAME@EIMID=VALUE, not: %s", word);
        return NULL;
    }
    if (parts.eim.data != NULL && eim != NULL) {
        tool_usage("the eIM is named twice: %s", word);
        return NULL;
    }
    json = json_pack("{s:s%, s:s%}", "name", parts.name.data, parts.name.size, "value", parts.value.data,
                     parts.value.size);
    if (parts.eim.data != NULL)
        eim = (const char *)parts.eim.data;
    if (eim != NULL &&
        json_object_set_new(json, "eim",
                            json_stringn(eim, parts.eim.data != NULL ? parts.eim.size : strlen(eim))) != 0) {
        json_decref(json);
        json = NULL;
    }
    if (json == NULL)
        tool_usage("the setting is not UTF-8: %s", word);
    return json;
}

json_t *ctl_ipae_request(const char *eim, int argc, char **argv)
{
    json_t *request = json_pack("{s:s}", "command", "ipae");
    json_t *set = json_array();

    for (int i = 0; i < argc; i++) {
        json_t *word = word_of(argv[i], eim);

        if (word == NULL) {
            json_decref(set);
            json_decref(request);
            return NULL;
        }
        json_array_append_new(set, word);
    }
    if (argc > 0)
        json_object_set(request, "set", set);
    json_decref(set);
    return request;
}

/* --- showing ------------------------------------------------------------------------------------------ */

static void narrow_eims(json_t *setting, const char *eim)
{
    json_t *eims = json_object_get(setting, "eims");

    for (size_t i = json_array_size(eims); i-- > 0;) {
        const char *id = json_string_value(json_object_get(json_array_get(eims, i), "eim_id"));

        if (id == NULL || strcmp(id, eim) != 0)
            json_array_remove(eims, i);
    }
}

void ctl_ipae_narrow(json_t *result, const char *eim)
{
    json_t *settings = json_object_get(result, "settings");

    for (size_t i = json_array_size(settings); i-- > 0;) {
        json_t *setting = json_array_get(settings, i);

        if (json_is_true(json_object_get(setting, "per_eim")))
            narrow_eims(setting, eim);
        else
            json_array_remove(settings, i);
    }
}

/* The value of this name in a row of a setting's kind. */
static const char *value_text(const json_t *row, const char *name, const char *kind, char out[CTL_TEXT_SIZE])
{
    char made[CARD_SETTING_SIZE], value[CTL_TEXT_SIZE];

    ctl_text(row, name, value);
    snprintf(out, CTL_TEXT_SIZE, "%s", card_setting_text(kind, value, made));
    return out;
}

static const char *row_value(const json_t *row, char out[CTL_TEXT_SIZE])
{
    char kind[CTL_TEXT_SIZE];

    return value_text(row, "value", ctl_text(row, "kind", kind), out);
}

static const char *row_state(const json_t *row, char out[CTL_TEXT_SIZE])
{
    char kind[CTL_TEXT_SIZE], preset[CTL_TEXT_SIZE];

    if (json_is_true(json_object_get(row, "set")))
        snprintf(out, CTL_TEXT_SIZE, "set (default %.200s)",
                 value_text(row, "default", ctl_text(row, "kind", kind), preset));
    else
        snprintf(out, CTL_TEXT_SIZE, "default");
    return out;
}

/* A row for each value of a single eIM, as those of the settings. */
static json_t *rows_of_eims(const json_t *settings)
{
    json_t *rows = json_array();
    json_t *setting, *own;
    size_t i, j;

    json_array_foreach(settings, i, setting)
    {
        json_array_foreach(json_object_get(setting, "eims"), j, own)
        {
            json_t *row = json_is_object(own) ? json_copy(own) : NULL;

            if (row != NULL)
                json_object_set(row, "name", json_object_get(setting, "name"));
            if (row != NULL)
                json_object_set(row, "kind", json_object_get(setting, "kind"));
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

bool ctl_say_ipae(const json_t *result)
{
    static const struct ctl_column columns[] = {{TABLE_WHOLE("NAME"), "name", NULL},
                                                {TABLE_WHOLE("VALUE"), NULL, row_value},
                                                {TABLE_WHOLE("STATE"), NULL, row_state},
                                                {TABLE_SENTENCE("MEANING"), "meaning", NULL}};
    static const struct ctl_column of_eim[] = {{TABLE_WHOLE("NAME"), "name", NULL},
                                               {TABLE_WHOLE("VALUE"), NULL, row_value},
                                               {TABLE_WHOLE("EIM"), "eim_id", NULL}};
    const json_t *settings = json_object_get(result, "settings");
    json_t *eims;

    if (!json_is_array(settings))
        return false;
    ctl_table(NULL, settings, columns, sizeof(columns) / sizeof(columns[0]));
    eims = rows_of_eims(settings);
    ctl_table("Values of single eIMs", eims, of_eim, sizeof(of_eim) / sizeof(of_eim[0]));
    json_decref(eims);
    return true;
}
