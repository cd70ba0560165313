/* Names of files that lie beside one another. See beside.h. */
#include "common/beside.h"

#include <stdlib.h>
#include <string.h>

char *path_beside(const char *path, const char *ending, const char *other)
{
    size_t stem = strlen(path);
    size_t cut = strlen(ending);
    char *beside;

    if (stem >= cut && strcmp(path + stem - cut, ending) == 0)
        stem -= cut;
    beside = malloc(stem + strlen(other) + 1);
    if (beside != NULL) {
        memcpy(beside, path, stem);
        strcpy(beside + stem, other);
    }
    return beside;
}
