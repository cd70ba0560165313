/*
 * What an IPA brings back from a package, in place (SGP.32 2.11.2, 6.3.2.7): the EimPackageResult and the
 * EuiccPackageResults inside. Strict about form; who signed what is result.c's question.
 */
#ifndef SOFTEUICC_SERVERS_EIM_MODEL_RESULT_PARSE_H
#define SOFTEUICC_SERVERS_EIM_MODEL_RESULT_PARSE_H

#include "apdu/tlv.h"

#define RESULT_TRANSACTION_MAX 16 /* octets of an eimTransactionId */

enum package_result_kind { PACKAGE_RESULT_SIGNED, PACKAGE_ERROR_SIGNED, PACKAGE_ERROR_UNSIGNED };

/* EuiccPackageResult (BF51). */
struct package_result {
    enum package_result_kind kind;
    struct span eim_id;
    struct span transaction_id; /* SPAN_NONE when absent */
    uint64_t counter;           /* signed ones */
    uint64_t sequence;          /* PACKAGE_RESULT_SIGNED */
    struct span results;        /* its content: EuiccResultData one after another */
    bool has_error;             /* always, except for an unsigned error that does not say why */
    int64_t error;
    bool has_token; /* PACKAGE_ERROR_UNSIGNED */
    int64_t token;
    struct span signed_data, signature; /* signed ones: the 30 as received, 64 octets */
    struct span whole;
    const uint8_t *fault; /* where parsing failed, NULL elsewhere */
};

bool package_result_parse(struct span whole, struct package_result *out);

/* IpaEuiccData. All spans SPAN_NONE when absent. */
struct euicc_data {
    struct span default_smdp, root_smds;        /* UTF-8 */
    struct span info1, info2;                   /* whole */
    struct span eum_cert, euicc_cert;           /* content: what stands under A5, A6 */
    struct span ipa_capabilities, device_info;  /* content */
    struct span notifications, package_results; /* content: PendingNotification, BF51 one after another */
    bool has_token;
    int64_t token;
};

enum eim_result_kind {
    EIM_RESULT_PACKAGE,     /* BF51, or 30 { BF51, notifications } */
    EIM_RESULT_DATA,        /* BF52 { A0 } */
    EIM_RESULT_DATA_ERROR,  /* BF52 { A1 } */
    EIM_RESULT_INSTALLED,   /* BF54 with a ProfileInstallationResult, which may well tell of a failure */
    EIM_RESULT_NO_DOWNLOAD, /* BF54 with profileDownloadError */
    EIM_RESULT_REFUSED,     /* A0: the IPA could not use the package */
};

struct eim_result {
    enum eim_result_kind kind;
    struct span transaction_id; /* eimTransactionId; SPAN_NONE when absent. Packages have it inside. */
    struct package_result package;
    struct euicc_data data;   /* with a package: the notifications alone */
    struct span installation; /* BF37 whole */
    bool has_error;           /* EIM_RESULT_DATA_ERROR, NO_DOWNLOAD, REFUSED: */
    int64_t error;
    struct span error_response; /* EIM_RESULT_NO_DOWNLOAD: what the SM-DP+ or the eUICC said, or SPAN_NONE */
    const uint8_t *fault;       /* where parsing failed, NULL elsewhere */
};

/* One EimPackageResult that fills `whole`. False with the reader's line in *why and the octet of `whole`
 * where it stopped; what was read before it stands in `out`. */
bool eim_result_parse(struct span whole, struct eim_result *out, const char **why, size_t *offset);

#endif
