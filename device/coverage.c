/* Which profiles have network, out of a file. See coverage.h. */
#include "device/coverage.h"

#include "apdu/iccid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_listed(FILE *file, const char *iccid)
{
    char line[128];

    while (fgets(line, sizeof(line), file) != NULL) {
        char *word = line + strspn(line, " \t");

        word[strcspn(word, " \t\r\n#")] = '\0';
        if (word[0] != '\0' && iccid_is_same(word, iccid))
            return true;
    }
    return false;
}

bool coverage_has(const char *path, const char *iccid, char *why, size_t size)
{
    FILE *file = fopen(path, "r");
    bool listed;

    if (file == NULL) {
        snprintf(why, size, "cannot open %.200s: %s", path, strerror(errno));
        return false;
    }
    listed = is_listed(file, iccid);
    fclose(file);
    if (!listed)
        snprintf(why, size, "no network with profile %s (%.200s)", iccid, path);
    return listed;
}
