/* A directory with all that is in it. */
#ifndef SOFTEUICC_COMMON_DIRECTORY_H
#define SOFTEUICC_COMMON_DIRECTORY_H

/* Removes it as far as that can be done; links in it are removed, not followed. Prints nothing. */
void directory_remove(const char *path);

#endif
