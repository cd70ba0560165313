/* `lpa info` and `lpa list`: what the card says of itself (ES10a, ES10b, ES10c reads). */
#include "tools/lpa/lpa.h"

#include "common/print/print.h"
#include "common/print/table.h"
#include "common/tool.h"
#include "protocol/tags.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE 300

static const char *version_text(struct span octets, char out[16])
{
    if (octets.size != 3)
        return "?";
    snprintf(out, 16, "%u.%u.%u", octets.data[0], octets.data[1], octets.data[2]);
    return out;
}

static uint64_t number(struct span octets)
{
    uint64_t value = 0;

    for (size_t i = 0; i < octets.size && i < 8; i++)
        value = value << 8 | octets.data[i];
    return value;
}

struct card_info {
    char eid[2 * 16 + 1];
    struct buf addresses_buf, info2_buf;
    struct span default_smdp, root_smds;
    struct span profile_version, svn, firmware, resource, verification, signing, sas;
};

static bool read_info(struct lpa *lpa, struct card_info *info)
{
    struct buf answer = {0};
    struct span value;
    struct span eid;
    bool ok = es10_call(&lpa->es10, "GetEID", SPAN_STRING("\xBF\x3E\x03\x5C\x01\x5A"), TAG_GET_EID, &answer,
                        &value) &&
              lpa_member(value, TAG_EID, "GetEID", &eid);

    if (ok)
        hex_from_span(eid, info->eid, sizeof(info->eid));
    buf_free(&answer);
    ok = ok && es10_call(&lpa->es10, "GetEuiccConfiguredAddresses", SPAN_STRING("\xBF\x3C\x00"),
                         TAG_CONFIGURED_ADDRESSES, &info->addresses_buf, &value);
    if (!ok)
        return false;
    tlv_find(value, 0x80, &info->default_smdp);
    tlv_find(value, 0x81, &info->root_smds);
    if (!es10_call(&lpa->es10, "GetEUICCInfo2", SPAN_STRING("\xBF\x22\x00"), TAG_EUICC_INFO2,
                   &info->info2_buf, &value))
        return false;
    tlv_find(value, 0x81, &info->profile_version);
    tlv_find(value, 0x82, &info->svn);
    tlv_find(value, 0x83, &info->firmware);
    tlv_find(value, 0x84, &info->resource);
    tlv_find(value, 0xA9, &info->verification);
    tlv_find(value, 0xAA, &info->signing);
    tlv_find(value, 0x0C, &info->sas);
    return true;
}

static json_t *key_ids(struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    json_t *array = json_array();
    struct tlv tlv;
    char text[128];

    while (list.data != NULL && tlv_next(&reader, &tlv) == TLV_OK)
        json_array_append_new(array, json_string(hex_from_span(tlv.value, text, sizeof(text))));
    return array;
}

static void print_key_ids(const char *label, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;
    char text[128];

    while (list.data != NULL && tlv_next(&reader, &tlv) == TLV_OK) {
        print_line("%-20s %s", label, hex_from_span(tlv.value, text, sizeof(text)));
        label = "";
    }
}

/* The reader's, or the file's. */
static const char *card_name(const struct lpa *lpa, char out[TEXT_SIZE])
{
    return print_text(span_of_string(link_name(lpa->link)), out, TEXT_SIZE);
}

static int print_info_json(const struct lpa *lpa, const struct card_info *info)
{
    char atr[80];
    char a[16];
    char text[TEXT_SIZE];
    struct span value;
    json_t *object = json_object();

    json_object_set_new(object, "reader", json_string(card_name(lpa, text)));
    json_object_set_new(object, "atr", json_string(hex_from_span(link_atr(lpa->link), atr, sizeof(atr))));
    json_object_set_new(object, "eid", json_string(info->eid));
    json_object_set_new(object, "defaultSmdpAddress",
                        info->default_smdp.data != NULL
                            ? json_string(print_text(info->default_smdp, text, sizeof(text)))
                            : json_null());
    json_object_set_new(object, "rootSmdsAddress",
                        info->root_smds.data != NULL
                            ? json_string(print_text(info->root_smds, text, sizeof(text)))
                            : json_null());
    json_object_set_new(object, "profileVersion", json_string(version_text(info->profile_version, a)));
    json_object_set_new(object, "svn", json_string(version_text(info->svn, a)));
    json_object_set_new(object, "firmwareVersion", json_string(version_text(info->firmware, a)));
    if (tlv_find(info->resource, 0x81, &value))
        json_object_set_new(object, "installedApplications", json_integer((json_int_t)number(value)));
    if (tlv_find(info->resource, 0x82, &value))
        json_object_set_new(object, "freeNonVolatileMemory", json_integer((json_int_t)number(value)));
    if (tlv_find(info->resource, 0x83, &value))
        json_object_set_new(object, "freeVolatileMemory", json_integer((json_int_t)number(value)));
    json_object_set_new(object, "ciPkIdForVerification", key_ids(info->verification));
    json_object_set_new(object, "ciPkIdForSigning", key_ids(info->signing));
    json_object_set_new(object, "sasAccreditationNumber",
                        json_string(print_text(info->sas, text, sizeof(text))));
    return print_json(object);
}

static void print_info(const struct lpa *lpa, const struct card_info *info)
{
    char atr[80];
    char a[16];
    char text[TEXT_SIZE];
    struct span nvm = SPAN_NONE;
    struct span ram = SPAN_NONE;

    print_line("%-20s %s", "Reader", card_name(lpa, text));
    print_line("%-20s %s", "ATR", hex_from_span(link_atr(lpa->link), atr, sizeof(atr)));
    print_line("%-20s %s", "EID", info->eid);
    print_line("%-20s %s", "Default SM-DP+",
               info->default_smdp.size > 0 ? print_text(info->default_smdp, text, sizeof(text))
                                           : "(not set)");
    print_line("%-20s %s", "Root SM-DS",
               info->root_smds.size > 0 ? print_text(info->root_smds, text, sizeof(text)) : "(not set)");
    print_line("%-20s %s", "SGP.22 version", version_text(info->svn, a));
    print_line("%-20s %s", "Profile version", version_text(info->profile_version, a));
    print_line("%-20s %s", "Firmware", version_text(info->firmware, a));
    tlv_find(info->resource, 0x82, &nvm);
    tlv_find(info->resource, 0x83, &ram);
    print_line("%-20s %" PRIu64 " octets of NVM, %" PRIu64 " of RAM", "Free memory", number(nvm),
               number(ram));
    print_key_ids("CIs (verification)", info->verification);
    print_key_ids("CIs (signing)", info->signing);
    print_line("%-20s %s", "SAS number", print_text(info->sas, text, sizeof(text)));
}

int lpa_info(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    struct card_info info = {0};
    int status = EXIT_FAILED;

    if (read_info(lpa, &info)) {
        status = EXIT_OK;
        if (lpa->json)
            status = print_info_json(lpa, &info);
        else
            print_info(lpa, &info);
    }
    buf_free(&info.addresses_buf);
    buf_free(&info.info2_buf);
    return status;
}

static const char *const class_names[] = {"test", "provisioning", "operational"};

/* Names have up to 64 and 32 characters, of four octets at most (SGP.22 5.7.15). */
struct row {
    char iccid[ICCID_DIGITS_MAX + 1], aid[2 * 16 + 1], state[10], class[16];
    char nickname[4 * 64 + 1], provider[4 * 32 + 1], name[4 * 64 + 1];
};

/* One ProfileInfo (E3) as text. */
static void read_row(struct span info, struct row *row)
{
    struct span value;
    uint64_t class = 2;

    memset(row, 0, sizeof(*row));
    tlv_find(info, 0x5A, &value);
    lpa_iccid(value, row->iccid);
    tlv_find(info, 0x4F, &value);
    hex_from_span(value, row->aid, sizeof(row->aid));
    snprintf(row->state, sizeof(row->state), "%s",
             tlv_find(info, TAG_PROFILE_STATE, &value) && number(value) == 1 ? "enabled" : "disabled");
    if (tlv_find(info, 0x95, &value))
        class = number(value);
    snprintf(row->class, sizeof(row->class), "%s", class < 3 ? class_names[class] : "?");
    tlv_find(info, 0x90, &value);
    print_text(value, row->nickname, sizeof(row->nickname));
    tlv_find(info, 0x91, &value);
    print_text(value, row->provider, sizeof(row->provider));
    tlv_find(info, 0x92, &value);
    print_text(value, row->name, sizeof(row->name));
}

static json_t *row_json(const struct row *row)
{
    json_t *object = json_object();

    json_object_set_new(object, "iccid", json_string(row->iccid));
    json_object_set_new(object, "isdpAid", json_string(row->aid));
    json_object_set_new(object, "state", json_string(row->state));
    json_object_set_new(object, "class", json_string(row->class));
    json_object_set_new(object, "nickname", json_string(row->nickname));
    json_object_set_new(object, "serviceProviderName", json_string(row->provider));
    json_object_set_new(object, "profileName", json_string(row->name));
    return object;
}

static void add_row(struct table *table, const struct row *row)
{
    const char *const cells[] = {row->iccid, row->state, row->class, row->provider, row->name, row->nickname};

    for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
        table_add(table, "%s", cells[i]);
}

/* Each ProfileInfo of a list that is well-formed. */
static int print_list(const struct lpa *lpa, struct span list)
{
    static const struct table_column columns[] = {
        TABLE_WHOLE("ICCID"),     TABLE_WHOLE("STATE"), TABLE_COLUMN("CLASS"),
        TABLE_COLUMN("PROVIDER"), TABLE_COLUMN("NAME"), TABLE_COLUMN("NICKNAME"),
    };
    struct tlv_reader reader = tlv_reader(list);
    json_t *array = lpa->json ? json_array() : NULL;
    struct table *table = lpa->json ? NULL : table_new(columns, sizeof(columns) / sizeof(columns[0]));
    struct tlv tlv;
    struct row row;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        read_row(tlv.value, &row);
        if (lpa->json)
            json_array_append_new(array, row_json(&row));
        else
            add_row(table, &row);
    }
    if (lpa->json)
        return print_json(array);
    if (table_rows(table) > 0)
        return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
    table_free(table);
    print_line("no profiles");
    return EXIT_OK;
}

static bool is_list(struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        struct tlv_reader members = tlv_reader(tlv.value);

        if (tlv.tag != TAG_PROFILE_INFO || !tlv_skip_rest(&members))
            return false;
    }
    return tlv_good(&reader);
}

int lpa_list(const struct command_line *line)
{
    struct lpa *lpa = line->settings;
    struct buf answer = {0};
    struct span value;
    struct span list;
    int status = EXIT_FAILED;

    if (es10_call(&lpa->es10, "GetProfilesInfo", SPAN_STRING("\xBF\x2D\x00"), TAG_PROFILES_INFO, &answer,
                  &value)) {
        if (!tlv_find(value, 0xA0, &list))
            status = tool_error("GetProfilesInfo: the card refused");
        else if (!is_list(list))
            status = tool_error("GetProfilesInfo: the card's answer is malformed");
        else
            status = print_list(lpa, list);
    }
    buf_free(&answer);
    return status;
}
