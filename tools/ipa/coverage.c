/* `--coverage FILE`: which profiles have network, one ICCID a line, read again at every message; so that
 * rollback and fallback can be seen without a radio. */
#include "tools/ipa/ipad.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_listed(FILE *file, const char *iccid)
{
    char line[128];

    while (fgets(line, sizeof(line), file) != NULL) {
        char *word = line + strspn(line, " \t");

        word[strcspn(word, " \t\r\n#")] = '\0';
        if (word[0] != '\0' && strcmp(word, iccid) == 0)
            return true;
    }
    return false;
}

bool ipad_has_coverage(struct ipad *ipad, char why[BEARER_WHY_SIZE])
{
    struct ipa_enabled enabled;
    FILE *file;
    bool listed;

    if (ipad->coverage == NULL)
        return true;
    if (!ipa_read_enabled(ipad->ipa, &enabled)) {
        snprintf(why, BEARER_WHY_SIZE, "%s", ipa_why(ipad->ipa));
        return false;
    }
    if (!enabled.any) {
        snprintf(why, BEARER_WHY_SIZE, "no network: no profile is enabled");
        return false;
    }
    file = fopen(ipad->coverage, "r");
    if (file == NULL) {
        snprintf(why, BEARER_WHY_SIZE, "cannot open %.200s: %s", ipad->coverage, strerror(errno));
        return false;
    }
    listed = is_listed(file, enabled.iccid);
    fclose(file);
    if (!listed)
        snprintf(why, BEARER_WHY_SIZE, "no network with profile %s (%.200s)", enabled.iccid, ipad->coverage);
    return listed;
}
