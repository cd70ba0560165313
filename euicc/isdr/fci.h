/* What security domains answer to SELECT (GlobalPlatform 2.3 11.9.3.1). */
#ifndef SOFTEUICC_EUICC_ISDR_FCI_H
#define SOFTEUICC_EUICC_ISDR_FCI_H

#include "apdu/bytes.h"

/* Begins the FCI every security domain answers with: 6F { 84 AID, A5 { 9F65 } }. More may be appended before
 * tlv_close(response, mark), which takes what this returns. */
size_t fci_open(struct buf *response, struct span aid);

#endif
