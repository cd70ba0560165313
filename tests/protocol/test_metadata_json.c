/* The JSON beside a profile package: what it becomes, and that nothing in it is passed over. */
#include "common/input.h"
#include "protocol/metadata_json.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t iccid[ICCID_SIZE] = {0x98, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0xF8};

static const char full[] =
    "{\"serviceProviderName\":\"Op\",\"profileName\":\"P\",\"profileClass\":\"test\","
    "\"pprs\":[\"ppr1\",\"ppr2\"],"
    "\"notifications\":[{\"address\":\"n.example.com\",\"events\":[\"enable\",\"delete\"]}],"
    "\"icon\":\"icon.png\",\"iconType\":\"png\","
    "\"owner\":{\"mccmnc\":\"001-01\",\"gid1\":\"AB\",\"gid2\":\"\"},"
    "\"ecallIndication\":true,\"fallbackAllowed\":true}";

static char why[METADATA_WHY_SIZE];

static void start(void)
{
    FILE *file = fopen(test_path("icon.png"), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("PNG", file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static bool builds(const json_t *json, const char *server, struct buf *out, struct metadata_facts *facts)
{
    const struct metadata_profile profile = {iccid, "A name that is the default of both, and is too long",
                                             input_read, test_path(""), server};

    why[0] = '\0';
    return metadata_json_build(json, &profile, out, facts, why);
}

#define BEGINNING "5A0A980011223344556677F8 91024F70 920150 930101 9403504E47 950100"
#define END       "3013 80020450 810D 6E2E6578616D706C652E636F6D B708 800300F110 8101AB 99020560 9F7B01FF 9F6701FF"

START_TEST(becomes_store_metadata)
{
    struct metadata_facts facts;
    json_t *json = json_loads(full, 0, NULL);

    start();
    ck_assert_msg(builds(json, "s.example.com", test_buf(), &facts), "%s", why);
    ck_assert_str_eq(facts.service_provider, "Op");
    ck_assert_str_eq(facts.profile_name, "P");
    ck_assert_str_eq(facts.profile_class, "test");
    ck_assert_uint_eq(facts.pprs, 6);
    ck_assert(facts.ecall && facts.fallback_allowed);
    for (unsigned server = 0; server < 2; server++) {
        struct buf *out = test_buf();

        ck_assert(builds(json, server != 0 ? "s.example.com" : NULL, out, &facts));
        ck_assert_hex(buf_span(out), server != 0 ? "BF2560" BEGINNING
                                                   "B62A 3013 80020470 810D 732E6578616D706C652E636F6D" END
                                                 : "BF254B" BEGINNING "B615" END);
    }
    json_decref(json);
}
END_TEST

START_TEST(has_defaults)
{
    struct metadata_facts facts;
    struct buf *out = test_buf();
    json_t *empty = json_object();

    ck_assert(builds(NULL, NULL, out, &facts));
    ck_assert_str_eq(facts.service_provider, "A name that is the default of bo");
    ck_assert_str_eq(facts.profile_name, "A name that is the default of both, and is too long");
    ck_assert_str_eq(facts.profile_class, "operational");
    ck_assert_uint_eq(facts.pprs, 0);
    ck_assert(!facts.ecall && !facts.fallback_allowed);
    ck_assert(builds(empty, NULL, test_buf(), &facts));
    json_decref(empty);
}
END_TEST

/* A value of each kind, in the place of each value of the whole, one at a time. */
static json_t *value_of_kind(unsigned kind)
{
    switch (kind) {
    case 0:
        return json_null();
    case 1:
        return json_integer(1);
    case 2:
        return json_string("zz");
    case 3:
        return json_true();
    case 4:
        return json_pack("[s]", "zz");
    default:
        return json_pack("{s:s}", "zz", "zz");
    }
}

static void assert_refused_at(const json_t *root, const char *path)
{
    struct metadata_facts facts;
    struct buf out = {0};

    ck_assert_msg(!builds(root, "s.example.com", &out, &facts), "%s was taken", path);
    ck_assert_msg(strncmp(why, path, strlen(path)) == 0 && strchr(" .[:", why[strlen(path)]) != NULL,
                  "%s: %s", path, why);
    buf_free(&out);
}

/* Of the same kind as the value, and so perhaps good. */
static bool may_be_good(const json_t *value, const json_t *other)
{
    return json_typeof(value) == json_typeof(other) || (json_is_boolean(value) && json_is_boolean(other));
}

static void spoil(json_t *root, json_t *place, const char *path);

static void spoil_value(json_t *root, json_t *place, const char *key, size_t index, json_t *value,
                        const char *path)
{
    for (unsigned kind = 0; kind < 6; kind++) {
        json_t *other = value_of_kind(kind);

        if (!may_be_good(value, other)) {
            if (key != NULL)
                json_object_set(place, key, other);
            else
                json_array_set(place, index, other);
            assert_refused_at(root, path);
        }
        json_decref(other);
    }
    if (key != NULL)
        json_object_set(place, key, value);
    else
        json_array_set(place, index, value);
    spoil(root, value, path);
}

static void spoil(json_t *root, json_t *place, const char *path)
{
    char inner[128];
    const char *key;
    json_t *value;
    size_t index;
    void *next;

    if (json_is_object(place)) {
        snprintf(inner, sizeof(inner), "%s%szz", path, path[0] != '\0' ? "." : "");
        json_object_set_new(place, "zz", json_true());
        assert_refused_at(root, inner);
        json_object_del(place, "zz");
    }
    json_object_foreach_safe(place, next, key, value)
    {
        json_t *kept = json_incref(value);

        snprintf(inner, sizeof(inner), "%s%s%s", path, path[0] != '\0' ? "." : "", key);
        spoil_value(root, place, key, 0, kept, inner);
        json_decref(kept);
    }
    json_array_foreach(place, index, value)
    {
        json_t *kept = json_incref(value);

        snprintf(inner, sizeof(inner), "%s[%zu]", path, index);
        spoil_value(root, place, NULL, index, kept, inner);
        json_decref(kept);
    }
}

START_TEST(every_member_has_its_kind_and_no_other_is_there)
{
    struct metadata_facts facts;
    json_t *root = json_loads(full, 0, NULL);

    start();
    spoil(root, root, "");
    ck_assert_msg(builds(root, NULL, test_buf(), &facts), "%s", why); /* all is back in its place */
    json_decref(root);
}
END_TEST

START_TEST(values_that_cannot_be)
{
    static const struct {
        const char *json, *path;
    } cases[] = {
        {"{\"serviceProviderName\":\"123456789012345678901234567890123\"}", "serviceProviderName"},
        {"{\"profileClass\":\"operator\"}", "profileClass"},
        {"{\"pprs\":[\"ppr1\",\"ppr3\"]}", "pprs[1]"},
        {"{\"notifications\":[{\"events\":[\"enable\"]}]}", "notifications[0].address"},
        {"{\"notifications\":[{\"address\":\"\",\"events\":[\"enable\"]}]}", "notifications[0].address"},
        {"{\"notifications\":[{\"address\":\"a\"}]}", "notifications[0].events"},
        {"{\"notifications\":[{\"address\":\"a\",\"events\":[]}]}", "notifications[0].events"},
        {"{\"notifications\":[{\"address\":\"a\",\"events\":[\"delete\",\"enabled\"]}]}",
         "notifications[0].events[1]"},
        {"{\"icon\":\"nothing.png\"}", "icon"},
        {"{\"icon\":\"../icon.png\"}", "icon"},
        {"{\"icon\":\"\"}", "icon"},
        {"{\"icon\":\"icon.gif\"}", "iconType"},
        {"{\"icon\":\"icon.png\",\"iconType\":\"gif\"}", "iconType"},
        {"{\"iconType\":\"png\"}", "iconType"},
        {"{\"owner\":{}}", "owner.mccmnc"},
        {"{\"owner\":{\"mccmnc\":\"00101\"}}", "owner.mccmnc"},
        {"{\"owner\":{\"mccmnc\":\"001-0A\"}}", "owner.mccmnc"},
        {"{\"owner\":{\"mccmnc\":\"001-0123\"}}", "owner.mccmnc"},
        {"{\"owner\":{\"mccmnc\":\"001-01\",\"gid1\":\"x\"}}", "owner.gid1"},
        {"{\"owner\":{\"mccmnc\":\"001-01\",\"gid2\":\"0011223344556677889900112233445566\"}}", "owner.gid2"},
    };

    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json = json_loads(cases[i].json, 0, NULL);

        ck_assert_ptr_nonnull(json);
        assert_refused_at(json, cases[i].path);
        json_decref(json);
    }
}
END_TEST

TEST_MAIN("metadata_json", becomes_store_metadata, has_defaults,
          every_member_has_its_kind_and_no_other_is_there, values_that_cannot_be)
