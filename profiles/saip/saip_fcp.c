/* File Control Parameters as a table (PE_Definitions, Fcp): see saip_internal.h. */
#include "profiles/saip/schema_rows.h"

static const struct saip_field proprietary_info[] = {
    OPT_OCT(0xC0, "specialFileInformation", 1, 1),
    OPT_OCT(0xC1, "fillPattern", 1, 200),
    OPT_OCT(0xC2, "repeatPattern", 1, 200),
    OPT_OCT(0x86, "maximumFileSize", 1, 4),
    OPT_OCT(0x84, "fileDetails", 1, 1),
    END,
};

const struct saip_field saip_fcp_members[] = {
    OPT_OCT(0x82, "fileDescriptor", 2, 4),
    OPT_OCT(0x83, "fileID", 2, 2),
    OPT_OCT(0x84, "dfName", 5, 16),
    OPT_OCT(0x8A, "lcsi", 1, 1),
    OPT_OCT(0x8B, "securityAttributesReferenced", 1, 3),
    OPT_OCT(0x80, "efFileSize", 1, 4),
    OPT_OCT(0xC6, "pinStatusTemplateDO", 0, 255),
    OPT_OCT(0x88, "shortEFID", 0, 1),
    OPT_SEQ(0xA5, "proprietaryEFInfo", proprietary_info),
    OPT_OCT(0xC7, "linkPath", 0, 8),
    END,
};
