/* How the functions of the public API say why they failed. See error.h. */
#include "euicc/os/error.h"

#include <stdarg.h>
#include <stdio.h>

enum softeuicc_status error_set(struct softeuicc_error *error, enum softeuicc_status status,
                                const char *format, ...)
{
    va_list arguments;

    if (error == NULL)
        return status;
    error->status = status;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return status;
}
