/* The library's version, from configure.ac. */
#include "config.h"

#include "euicc/softeuicc.h"

const char *softeuicc_version(void)
{
    return PACKAGE_VERSION;
}
