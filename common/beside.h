/* Files that lie beside one another and differ in how their names end. */
#ifndef SOFTEUICC_COMMON_BESIDE_H
#define SOFTEUICC_COMMON_BESIDE_H

/* The path with `other` in place of `ending`, or after it when it ends otherwise. The caller frees it; NULL
 * without memory. */
char *path_beside(const char *path, const char *ending, const char *other);

#endif
