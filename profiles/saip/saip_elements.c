/*
 * The elements of the profile package as tables: the ASN.1 types of PE_Definitions (TCA, version 3.3), and
 * for each element what this card does with it. Elements of file templates have their files in templates_*.c.
 *
 * The tags are those of the module's AUTOMATIC TAGS: numbered from 0 where no member is tagged by hand, else
 * as written.
 */
#include "profiles/saip/schema_rows.h"

static const struct saip_field pe_header[] = {
    NULL_(0x80, "mandated"),
    INT(0x81, "identification", 0, 32767),
    END,
};

/* --- ProfileHeader --- */

static const struct saip_field template_oids[] = {OCT(0x06, "template OID", 1, 32), END};

static const struct saip_field mandatory_aid[] = {OCT(0x80, "aid", 5, 16), OCT(0x81, "version", 2, 2), END};
static const struct saip_field mandatory_aids[] = {SEQ(0x30, "eUICC-Mandatory-AIDs", mandatory_aid), END};

static const struct saip_field iot_options[] = {OCT(0x80, "pix", 7, 11), END};

/* ServicesList is a sequence of NULLs by number: saip_header.c reads it. */
static const struct saip_field services[] = {END};

static const struct saip_field header[] = {
    INT(0x80, "major-version", 0, 255),
    INT(0x81, "minor-version", 0, 255),
    OPT_OCT(0x82, "profileType", 1, 100),
    OCT(0x83, "iccid", 10, 10),
    OPT_OCT(0x84, "pol", 0, ANY),
    SEQ(0xA5, "eUICC-Mandatory-services", services),
    LIST(0xA6, "eUICC-Mandatory-GFSTEList", 0, ANY, template_oids),
    OPT_OCT(0x87, "connectivityParameters", 0, ANY),
    OPT_LIST(0xA8, "eUICC-Mandatory-AIDs", 0, ANY, mandatory_aids),
    OPT_SEQ(0xA9, "iotOptions", iot_options),
    END,
};

/* --- files --- */

static const struct saip_field file_management[] = {
    OCT(0x80, "filePath", 0, 8),
    SEQ(0x62, "createFCP", saip_fcp_members),
    INT(0x02, "fillFileOffset", 0, 65535),
    OCT(0x81, "fillFileContent", 0, ANY),
    END,
};
static const struct saip_field file_management_cmds[] = {
    LIST(0x30, "FileManagement", 1, ANY, file_management), END};
static const struct saip_field generic_file_management[] = {
    SEQ(0xA0, "gfm-header", pe_header),
    LIST(0xA1, "fileManagementCMD", 1, ANY, file_management_cmds),
    END,
};

/* --- codes --- */

static const struct saip_field pin_configuration[] = {
    INT(0x80, "keyReference", 1, 142),
    OCT(0x81, "pinValue", 8, 8),
    OPT_INT(0x82, "unblockingPINReference", 1, 136),
    OPT_INT(0x83, "pinAttributes", 0, 255),
    OPT_INT(0x84, "maxNumOfAttemps-retryNumLeft", 0, 255),
    END,
};
static const struct saip_field pin_configurations[] = {SEQ(0x30, "PINConfiguration", pin_configuration), END};
static const struct saip_field pin_choice[] = {
    LIST(0xA0, "pinconfig", 1, 26, pin_configurations),
    OCT(0x81, "filePath", 0, 8),
    END,
};
static const struct saip_field pin_codes[] = {SEQ(0xA0, "pin-Header", pe_header),
                                              CHOICE(0xA1, "pinCodes", pin_choice), END};

static const struct saip_field puk_configuration[] = {
    INT(0x80, "keyReference", 1, 136),
    OCT(0x81, "pukValue", 8, 8),
    OPT_INT(0x82, "maxNumOfAttemps-retryNumLeft", 0, 255),
    END,
};
static const struct saip_field puk_configurations[] = {SEQ(0x30, "PUKConfiguration", puk_configuration), END};
static const struct saip_field puk_codes[] = {
    SEQ(0xA0, "puk-Header", pe_header),
    LIST(0xA1, "pukCodes", 1, 16, puk_configurations),
    END,
};

/* --- network authentication --- */

static const struct saip_field mapping_parameter[] = {OCT(0x80, "mappingOptions", 1, 1),
                                                      OCT(0x81, "mappingSource", 5, 16), END};
static const struct saip_field algo_parameter[] = {
    INT(0x80, "algorithmID", 1, 3),
    OCT(0x81, "algorithmOptions", 1, 1),
    OCT(0x82, "key", 16, 32),
    OCT(0x83, "opc", 0, 32),
    OPT_OCT(0x84, "rotationConstants", 5, 5),
    OPT_OCT(0x85, "xoringConstants", 80, 80),
    OPT_OCT(0x86, "authCounterMax", 3, 3),
    OPT_INT(0x87, "numberOfKeccak", 1, 255),
    END,
};
static const struct saip_field algo_configuration[] = {
    SEQ(0xA0, "mappingParameter", mapping_parameter),
    SEQ(0xA1, "algoParameter", algo_parameter),
    END,
};
static const struct saip_field sqn_values[] = {OCT(0x04, "sqnInit", 6, 6), END};
static const struct saip_field aka_parameter[] = {
    SEQ(0xA0, "aka-header", pe_header),
    CHOICE(0xA1, "algoConfiguration", algo_configuration),
    OPT_OCT(0x82, "sqnOptions", 1, 1),
    OPT_OCT(0x83, "sqnDelta", 6, 6),
    OPT_OCT(0x84, "sqnAgeLimit", 6, 6),
    OPT_LIST(0xA5, "sqnInit", 32, 32, sqn_values),
    END,
};

static const struct saip_field cdma_parameter[] = {
    SEQ(0xA0, "cdma-header", pe_header),
    OCT(0x81, "authenticationKey", 8, 8),
    OPT_OCT(0x82, "ssd", 16, 16),
    OPT_OCT(0x83, "hrpdAccessAuthenticationData", 2, 32),
    OPT_OCT(0x84, "simpleIPAuthenticationData", 3, 483),
    OPT_OCT(0x85, "mobileIPAuthenticationData", 5, 957),
    END,
};

/* --- security domains and applications --- */

static const struct saip_field contactless_parameters[] = {OCT(0x80, "protocolParameterData", 0, ANY), END};
static const struct saip_field system_parameters[] = {
    OPT_OCT(0xC7, "volatileMemoryQuotaC7", 2, 4),
    OPT_OCT(0xC8, "nonVolatileMemoryQuotaC8", 2, 4),
    OPT_OCT(0xCB, "globalServiceParameters", 0, ANY),
    OPT_OCT(0xCF, "implicitSelectionParameter", 0, ANY),
    OPT_OCT(0xD7, "volatileReservedMemory", 2, 4),
    OPT_OCT(0xD8, "nonVolatileReservedMemory", 2, 4),
    OPT_OCT(0xCA, "ts102226SIMFileAccessToolkitParameter", 0, ANY),
    OPT_SEQ(0xA0, "ts102226AdditionalContactlessParameters", contactless_parameters),
    OPT_OCT(0xD9, "contactlessProtocolParameters", 0, ANY),
    OPT_OCT(0xDA, "userInteractionContactlessParameters", 0, ANY),
    OPT_OCT(0x82, "cumulativeGrantedVolatileMemory", 2, 4),
    OPT_OCT(0x83, "cumulativeGrantedNonVolatileMemory", 2, 4),
    END,
};
static const struct saip_field uicc_parameters[] = {
    OPT_OCT(0x80, "uiccToolkitApplicationSpecificParametersField", 0, ANY),
    OPT_OCT(0x81, "uiccAccessApplicationSpecificParametersField", 0, ANY),
    OPT_OCT(0x82, "uiccAdministrativeAccessApplicationSpecificParametersField", 0, ANY),
    END,
};
static const struct saip_field octet_strings[] = {OCT(0x04, "data", 0, ANY), END};
static const struct saip_field control_reference[] = {OCT(0x5F20, "applicationProviderIdentifier", 0, ANY),
                                                      END};
static const struct saip_field application_instance[] = {
    OCT(0x4F, "applicationLoadPackageAID", 5, 16),
    OCT(0x4F, "classAID", 5, 16),
    OCT(0x4F, "instanceAID", 5, 16),
    OPT_OCT(0x4F, "extraditeSecurityDomainAID", 5, 16),
    OCT(0x82, "applicationPrivileges", 1, 3),
    OPT_OCT(0x83, "lifeCycleState", 1, 1),
    OCT(0xC9, "applicationSpecificParametersC9", 0, ANY),
    OPT_SEQ(0xEF, "systemSpecificParameters", system_parameters),
    OPT_SEQ(0xEA, "applicationParameters", uicc_parameters),
    OPT_LIST(0x30, "processData", 1, ANY, octet_strings),
    OPT_SEQ(0xB0, "controlReferenceTemplate", control_reference),
    END,
};

static const struct saip_field load_package[] = {
    OCT(0x4F, "loadPackageAID", 5, 16),
    OPT_OCT(0x4F, "securityDomainAID", 5, 16),
    OPT_OCT(0xC6, "nonVolatileCodeLimitC6", 0, ANY),
    OPT_OCT(0xC7, "volatileDataLimitC7", 0, ANY),
    OPT_OCT(0xC8, "nonVolatileDataLimitC8", 0, ANY),
    OPT_OCT(0xC1, "hashValue", 20, 64),
    OCT(0xC4, "loadBlockObject", 1, ANY),
    END,
};
static const struct saip_field application_instances[] = {
    SEQ(0x30, "ApplicationInstance", application_instance), END};
static const struct saip_field application[] = {
    SEQ(0xA0, "app-Header", pe_header),
    OPT_SEQ(0xA1, "loadBlock", load_package),
    OPT_LIST(0xA2, "instanceList", 1, ANY, application_instances),
    END,
};

static const struct saip_field key_component[] = {
    OCT(0x80, "keyType", 1, ANY),
    OCT(0x86, "keyData", 0, ANY),
    OPT_INT(0x87, "macLength", 0, 255),
    END,
};
static const struct saip_field key_components[] = {SEQ(0x30, "keyComponent", key_component), END};
static const struct saip_field key_object[] = {
    OCT(0x95, "keyUsageQualifier", 1, 2),
    OPT_OCT(0x96, "keyAccess", 1, 1),
    OCT(0x82, "keyIdentifier", 1, 1),
    OCT(0x83, "keyVersionNumber", 1, 1),
    OPT_OCT(0x85, "keyCounterValue", 0, ANY),
    LIST(0x30, "keyComponents", 1, ANY, key_components),
    END,
};
static const struct saip_field key_list[] = {SEQ(0x30, "KeyObject", key_object), END};
static const struct saip_field open_perso_data[] = {
    OPT_OCT(0xD9, "restrictParameter", 1, 1),
    OPT_OCT(0x04, "contactlessProtocolParameters", 0, ANY),
    END,
};
static const struct saip_field cat_tp_parameters[] = {
    INT(0x80, "catTpMaxSduSize", 0, 65535),
    INT(0x81, "catTpMaxPduSize", 0, 65535),
    END,
};
static const struct saip_field security_domain[] = {
    SEQ(0xA0, "sd-Header", pe_header),
    SEQ(0xA1, "instance", application_instance),
    OPT_LIST(0xA2, "keyList", 1, ANY, key_list),
    OPT_LIST(0xA3, "sdPersoData", 1, ANY, octet_strings),
    OPT_SEQ(0xA4, "openPersoData", open_perso_data),
    OPT_SEQ(0xA5, "catTpParameters", cat_tp_parameters),
    END,
};

static const struct saip_field tar_list[] = {OCT(0x04, "TAR", 3, 3), END};
static const struct saip_field adf_rfm_access[] = {
    OCT(0x80, "adfAID", 5, 16),
    OCT(0x81, "adfAccessDomain", 1, 255),
    OCT(0x82, "adfAdminAccessDomain", 1, 255),
    END,
};
static const struct saip_field rfm[] = {
    SEQ(0xA0, "rfm-header", pe_header),
    OCT(0x4F, "instanceAID", 5, 16),
    OPT_OCT(0x4F, "securityDomainAID", 5, 16),
    OPT_LIST(0xA0, "tarList", 1, ANY, tar_list),
    OCT(0x81, "minimumSecurityLevel", 1, 1),
    OCT(0x04, "uiccAccessDomain", 1, 255),
    OCT(0x04, "uiccAdminAccessDomain", 1, 255),
    OPT_SEQ(0x30, "adfRFMAccess", adf_rfm_access),
    END,
};

/* --- elements without content of interest --- */

static const struct saip_field only_header[] = {SEQ(0xA0, "header", pe_header), END};
static const struct saip_field non_standard[] = {
    SEQ(0xA0, "nonStandard-header", pe_header),
    OCT(0x81, "issuerID", 1, ANY),
    OCT(0x82, "content", 0, ANY),
    END,
};

/* Reading: an element of what this card does not do (saip_capability.c), and a proprietary one, is skipped
 * unless mandated. What an application element loads is stored and listed, its code is not run.
 * Named leniency: of an element that is skipped only the header is looked at, and the form of nonStandard. */
static const struct saip_element_type types[] = {
    {SAIP_HEADER, "header", true, 0, 0, header, saip_check_header},
    {SAIP_GENERIC_FILE_MANAGEMENT, "genericFileManagement", false, SAIP_MF, SAIP_IOT, generic_file_management,
     saip_walk_generic},
    {SAIP_PIN_CODES, "pinCodes", false, SAIP_MF, SAIP_IOT, pin_codes, saip_check_pins},
    {SAIP_PUK_CODES, "pukCodes", true, SAIP_MF, SAIP_IOT, puk_codes, saip_check_puks},
    {SAIP_AKA_PARAMETER, "akaParameter", false, 0, 0, aka_parameter, saip_check_aka},
    {SAIP_CDMA_PARAMETER, "cdmaParameter", false, SAIP_CSIM, 0, cdma_parameter, saip_check_cdma},
    {SAIP_SECURITY_DOMAIN, "securityDomain", false, 0, 0, security_domain, saip_check_security_domain},
    {SAIP_RFM, "rfm", false, SAIP_SECURITY_DOMAIN, 0, rfm, saip_check_rfm},
    {SAIP_APPLICATION, "application", false, SAIP_SECURITY_DOMAIN, 0, application, saip_check_application},
    {SAIP_NON_STANDARD, "nonStandard", false, 0, 0, non_standard, NULL},
    {SAIP_END, "end", true, 0, 0, only_header, NULL},
    {SAIP_MF, "mf", true, 0, 0, NULL, saip_walk_template},
    {SAIP_CD, "cd", true, SAIP_MF, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_TELECOM, "telecom", true, SAIP_MF, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_USIM, "usim", false, SAIP_MF, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_OPT_USIM, "opt-usim", false, SAIP_USIM, 0, NULL, saip_walk_template},
    {SAIP_ISIM, "isim", false, SAIP_MF, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_OPT_ISIM, "opt-isim", false, SAIP_ISIM, 0, NULL, saip_walk_template},
    {SAIP_PHONEBOOK, "phonebook", false, SAIP_USIM, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_GSM_ACCESS, "gsm-access", false, SAIP_USIM, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_CSIM, "csim", false, SAIP_MF, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_OPT_CSIM, "opt-csim", false, SAIP_CSIM, 0, NULL, saip_walk_template},
    {SAIP_EAP, "eap", false, 0, 0, only_header, NULL},
    {SAIP_DF_5GS, "df-5gs", false, SAIP_USIM, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_DF_SAIP, "df-saip", false, SAIP_USIM, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_DF_SNPN, "df-snpn", false, SAIP_USIM, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_DF_5GPROSE, "df-5gprose", false, SAIP_USIM, SAIP_IOT, NULL, saip_walk_template},
    {SAIP_IOT, "iot", true, 0, 0, NULL, saip_walk_template},
    {SAIP_OPT_IOT, "opt-iot", true, SAIP_IOT, 0, NULL, saip_walk_template},
};

const struct saip_element_type *saip_element_type(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].tag == tag)
            return &types[i];
    }
    return NULL;
}

const char *saip_element_name(uint32_t tag)
{
    const struct saip_element_type *type = saip_element_type(tag);

    return type != NULL ? type->name : "unknown";
}
