/* Complaints about JSON. See complaint.h. */
#include "common/complaint.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

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
