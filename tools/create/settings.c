/* Settings of the IPAe of a card that is being made: see settings.h. */
#include "tools/create/settings.h"

#include "common/tool.h"
#include "device/card_settings.h"

#include <stdlib.h>
#include <string.h>

/* A copy with its zero; where the next one goes. */
static char *put_text(char *to, struct span text)
{
    if (text.size > 0)
        memcpy(to, text.data, text.size);
    to[text.size] = '\0';
    return to + text.size + 1;
}

int create_settings_add(struct create_settings *settings, const char *word)
{
    struct card_setting_word parts;
    char *name, *eim, *value, *made;

    if (!card_setting_split(word, &parts))
        return tool_usage("--ipae-set is NAME=VALUE or NAME@EIMID=VALUE, not: %s", word);
    if (settings->count == CREATE_SETTINGS_MAX)
        return tool_usage("--ipae-set is given no more than %d times", CREATE_SETTINGS_MAX);
    name = malloc(parts.name.size + parts.eim.size + parts.value.size + 3 + CARD_SETTING_SIZE);
    if (name == NULL)
        return tool_error("out of memory");
    eim = put_text(name, parts.name);
    value = put_text(eim, parts.eim);
    made = put_text(value, parts.value);
    settings->texts[settings->count] = name;
    settings->values[settings->count++] = (struct softeuicc_set_value){
        name, parts.eim.data != NULL ? eim : NULL, card_setting_value(parts.name, value, made)};
    return EXIT_OK;
}

void create_settings_free(struct create_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        free(settings->texts[i]);
    settings->count = 0;
}
