/* Which profiles have network, out of a file. See coverage.h. */
#include "device/coverage.h"

#include "apdu/iccid.h"
#include "common/input.h"

#include <stdio.h>
#include <string.h>

#define COVERAGE_MAX (1024 * 1024) /* octets */

static bool is_listed(char *text, const char *iccid)
{
    char *next = text;
    char *line;

    while ((line = strsep(&next, "\n")) != NULL) {
        char *word = line + strspn(line, " \t");

        word[strcspn(word, " \t\r#")] = '\0';
        if (word[0] != '\0' && iccid_is_same(word, iccid))
            return true;
    }
    return false;
}

bool coverage_has(const char *path, const char *iccid, char *why, size_t size)
{
    struct buf text = {0};
    char reason[INPUT_WHY_MAX];
    bool listed = false;

    if (!input_read(path, path, COVERAGE_MAX, &text, reason)) {
        snprintf(why, size, "%s", reason);
    } else {
        buf_append_octet(&text, '\0');
        listed = !text.failed && is_listed((char *)text.data, iccid);
        if (!listed)
            snprintf(why, size, "no network with profile %s (%.200s)", iccid, path);
    }
    buf_free(&text);
    return listed;
}
