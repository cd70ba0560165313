/*
 * What takes the parts of what an IPA brings, the lower ones first: notification.c, package_result.c, data.c,
 * and result.c, which hands them out. An eUICC is named by the 32 digits of its EID.
 */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_RESULT_H
#define SOFTEUICC_SERVERS_EIM_MODEL_RESULT_H

#include "servers/eim/model/server.h"

/* Appends one SequenceNumber to the content of EimAcknowledgements. */
void acknowledge(struct buf *acknowledgements, uint64_t sequence);
/* PendingNotification one after another; `list` may be SPAN_NONE. */
void take_notifications(struct eim *eim, const char *eid, struct span list, struct buf *acknowledgements);

/* One EuiccPackageResult of this eUICC. One that is not believed changes nothing but the order that waits for
 * it, which ends with the reason. */
void take_package_result(struct eim *eim, const char *eid, const struct package_result *result,
                         struct buf *acknowledgements);

/* The notifications and package results of IpaEuiccData. */
void take_lists(struct eim *eim, const char *eid, const struct eim_result *result,
                struct buf *acknowledgements);
/* An IpaEuiccDataResponse for a waiting order: a data request, or the question for a lost result. */
void take_data(struct eim *eim, const struct eim_result *result, const struct eim_order *order,
               struct buf *acknowledgements);
/* The eIM's own data request is answered, well or not: what is known of the eUICC's data now. */
void data_request_ended(struct eim *eim, const struct eim_order *order);
/* The EID of an eUICC certificate, given as A6's content. False when it is none. */
bool eid_of_certificate(struct span content, char eid[EIM_EID_DIGITS + 1]);

#endif
