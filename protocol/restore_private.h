/* Shared by restore.c and restore_notification.c. */
#ifndef SOFTEUICC_PROTOCOL_RESTORE_PRIVATE_H
#define SOFTEUICC_PROTOCOL_RESTORE_PRIVATE_H

#include "protocol/restore.h"

/* COMPACT_OK when the key of this certificate has signed the parts, else COMPACT_BAD_SIGNATURE. */
enum compact_status compact_verify(struct span euicc_cert, const struct span *parts, size_t count,
                                   struct span signature);

#endif
