/* `softeuicc ctl` against daemons that are none, that never end, or that say nothing. */
#include "tests/support/test.h"

#include "common/tool.h"
#include "tests/tools/ctl/ctl_bench.h"
#include "tools/ctl/ctl.h"

#include <stdlib.h>
#include <string.h>

START_TEST(garbage)
{
    static const char *const lines[] = {
        "\n",
        "hello\n",
        "{\"ok\":true\n",
        "\xFF\xFE\n",
        "{\"ok\":true,\"result\":{\"\x1B[31m\":1}}\n",
        "5\n",
        "{\"ok\":true,\"result\":{}} and more\n",
        "{\"ok\":true,\"result\":{\"a\":\"\\u0000\"}}\n",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct captured captured = ctl_told(lines[i], CTL_WORDS("show"));

        ck_assert_int_eq(captured.status, EXIT_FAILED);
        ck_assert_str_eq(captured.out, "");
        ck_assert_ptr_eq(strstr(captured.err, "softeuicc ctl: the card's daemon does not speak JSON: "),
                         captured.err);
        ck_assert_ptr_eq(strchr(captured.err, '\n'), captured.err + strlen(captured.err) - 1);
        ck_assert_ptr_null(strchr(captured.err, 0x1B));
    }
}
END_TEST

START_TEST(a_line_without_end)
{
    static char mebibyte[1 << 20];
    struct captured captured;

    captured = ctl_told("", CTL_WORDS("show"));
    ctl_assert_failed(&captured, "the card's daemon is gone");
    captured = ctl_told("{\"ok\":true,\"resu", CTL_WORDS("show"));
    ctl_assert_failed(&captured, "the card's daemon is gone");
    captured = ctl_told("{\"ok\":true,\"result\":{}}", CTL_WORDS("show"));
    ctl_assert_failed(&captured, "the card's daemon is gone");
    memset(mebibyte, ' ', sizeof(mebibyte));
    captured = ctl_answered(SPAN(mebibyte, sizeof(mebibyte)), NULL, CTL_WORDS("show"));
    ctl_assert_failed(&captured, "the card's daemon is gone");
    memcpy(mebibyte, "{\"ok\":false,\"error\":\"late\"}", 27);
    mebibyte[sizeof(mebibyte) - 1] = '\n';
    captured = ctl_answered(SPAN(mebibyte, sizeof(mebibyte)), NULL, CTL_WORDS("show"));
    ctl_assert_failed(&captured, "late");
}
END_TEST

START_TEST(a_line_longer_than_any)
{
    size_t size = (size_t)65 << 20;
    char *octets = malloc(size);
    struct captured captured;

    ck_assert_ptr_nonnull(octets);
    memset(octets, '[', size);
    captured = ctl_answered(SPAN(octets, size), NULL, CTL_WORDS("show"));
    ctl_assert_failed(&captured, "the card's daemon sends a line without end");
    free(octets);
}
END_TEST

static int receive(void *context)
{
    json_t *json = ctl_receive(context, false);
    int status = json != NULL ? EXIT_OK : EXIT_FAILED;

    json_decref(json);
    return status;
}

/* Receives with this patience from what drips with this pause, in milliseconds. */
static struct captured received(const char *octets, unsigned pause, int64_t patience)
{
    struct ctl_client client = {.patience = patience};
    struct captured captured;
    struct peer peer;

    client.fd = peer_drips(&peer, span_of_string(octets), pause);
    captured = capture(receive, &client);
    ctl_disconnect(&client);
    peer_end(&peer);
    return captured;
}

START_TEST(patience_has_an_end)
{
    struct captured captured;

    tool_set_name("ctl");
    captured = received("{}\n", 30000, 100);
    ctl_assert_failed(&captured, "the card's daemon does not answer");
    /* It is for the whole answer: who sends an octet now and then gets no more of it. */
    captured = received("{                                                              ", 50, 300);
    ctl_assert_failed(&captured, "the card's daemon does not answer");
    captured = received("{}\n", 20, 30000);
    ctl_assert_lines(&captured, EXIT_OK, "", "");
}
END_TEST

static int receive_three(void *context)
{
    struct ctl_client *client = context;

    for (int i = 1; i <= 3; i++) {
        json_t *json = ctl_receive(client, true);
        bool good = json_integer_value(json_object_get(json, "n")) == i;

        json_decref(json);
        if (!good)
            return i;
    }
    return ctl_receive(client, true) == NULL ? EXIT_OK : EXIT_FAILED;
}

START_TEST(lines_come_as_they_like)
{
    static const char lines[] = "{\"n\":1}\n{\"n\":2}\r\n {\"n\":3}\n{\"n\":4}";

    tool_set_name("ctl");
    for (unsigned pause = 0; pause <= 2; pause++) {
        struct ctl_client client = {.patience = 0};
        struct captured captured;
        struct peer peer;

        client.fd = peer_drips(&peer, span_of_string(lines), pause);
        captured = capture(receive_three, &client);
        ctl_assert_lines(&captured, EXIT_OK, "", "softeuicc ctl: the card's daemon is gone\n");
        ctl_disconnect(&client);
        ck_assert_int_eq(client.fd, -1);
        peer_end(&peer);
    }
}
END_TEST

START_TEST(a_client_has_patience)
{
    const char *path = ctl_path("patient");
    struct local_socket socket;
    struct local_socket_error error;
    struct ctl_client client;

    ck_assert(local_socket_listen(&socket, path, &error));
    ck_assert_int_eq(ctl_connect(&client, path), CTL_CONNECTED);
    ck_assert_int_ge(client.patience, 6000); /* the daemon waits five seconds for a reader */
    ck_assert_int_le(client.patience, 60000);
    ctl_disconnect(&client);
    local_socket_close(&socket);
}
END_TEST

TEST_MAIN("ctl hostile", garbage, a_line_without_end, a_line_longer_than_any, patience_has_an_end,
          lines_come_as_they_like, a_client_has_patience)
