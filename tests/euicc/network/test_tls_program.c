/* The TLS client against a program that is not ours, `openssl s_server`, over sockets of this machine. Left
 * out where there is none. */
#include "tests/euicc/network/tls_bench.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16
#define PATIENCE_MS   20000

struct program {
    pid_t process;
    int output; /* of the program */
    int input;
    uint16_t port;
    struct buf said;
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits until the program has said this; false when it does not. */
static const char *wait_for(struct program *program, const char *words)
{
    uint64_t until = now_ms() + PATIENCE_MS;

    for (;;) {
        struct pollfd ready = {.fd = program->output, .events = POLLIN};
        char piece[1024];
        const char *found;
        ssize_t size;

        buf_append_octet(&program->said, '\0');
        program->said.size--;
        found = strstr((const char *)program->said.data, words);
        if (found != NULL && strchr(found, '\n') != NULL)
            return found;
        if (now_ms() > until || poll(&ready, 1, 1000) < 0)
            return NULL;
        size = (ready.revents & (POLLIN | POLLHUP)) != 0 ? read(program->output, piece, sizeof(piece)) : -1;
        if (size == 0)
            return NULL;
        if (size > 0)
            buf_append(&program->said, SPAN(piece, (size_t)size));
    }
}

static void write_files(const struct bench_identity *identity, char cert[300], char key[300])
{
    FILE *file;

    snprintf(cert, 300, "%s", test_path("server.pem"));
    file = fopen(cert, "w");
    ck_assert_int_eq(PEM_write_X509(file, identity->cert), 1);
    fclose(file);
    snprintf(key, 300, "%s", test_path("server.key"));
    file = fopen(key, "w");
    ck_assert_int_eq(PEM_write_PrivateKey(file, identity->key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(file);
}

/* Starts the server with these options besides; false where there is no openssl. */
static bool program_start(struct program *program, const struct bench_identity *identity,
                          const char *const *options)
{
    char cert[300], key[300];
    const char *arguments[ARGUMENTS_MAX] = {"openssl", "s_server", "-accept", "127.0.0.1:0",
                                            "-cert",   cert,       "-key",    key};
    size_t count = 8;
    int output[2], input[2];
    const char *line;

    write_files(identity, cert, key);
    for (; *options != NULL; options++)
        arguments[count++] = *options;
    ck_assert(pipe(output) == 0 && pipe(input) == 0);
    *program = (struct program){.output = output[0], .input = input[1]};
    program->process = fork();
    ck_assert_int_ge(program->process, 0);
    if (program->process == 0) {
        char *words[ARGUMENTS_MAX];

        memcpy(words, arguments, sizeof(words));
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        dup2(output[1], STDERR_FILENO);
        close(input[1]);
        close(output[0]);
        execvp("openssl", words);
        _exit(127);
    }
    close(output[1]);
    close(input[0]);
    line = wait_for(program, "ACCEPT 127.0.0.1:");
    if (line != NULL)
        program->port = (uint16_t)atoi(strchr(line, ':') + 1);
    return line != NULL;
}

static void program_stop(struct program *program)
{
    kill(program->process, SIGKILL);
    waitpid(program->process, NULL, 0);
    close(program->output);
    close(program->input);
    buf_free(&program->said);
}

static int connect_to(const struct program *program, bool is_datagram)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(program->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int connection = socket(AF_INET, is_datagram ? SOCK_DGRAM : SOCK_STREAM, 0);

    ck_assert_int_eq(connect(connection, (const struct sockaddr *)&at, sizeof(at)), 0);
    return connection;
}

static void send_all(struct tls_client *client, int connection)
{
    struct buf out = {0};

    while (tls_client_take(client, &out)) {
        ck_assert_int_eq(send(connection, out.data, out.size, MSG_NOSIGNAL), (ssize_t)out.size);
        buf_clear(&out);
    }
    buf_free(&out);
}

/* Between network and client, until it is no longer in `state` or has something to read. */
static void talk(struct tls_client *client, int connection, enum tls_client_state state,
                 struct buf *read_octets)
{
    uint64_t until = now_ms() + PATIENCE_MS;
    uint8_t piece[2048];

    while (tls_client_state(client) == state && now_ms() < until) {
        struct pollfd ready = {.fd = connection, .events = POLLIN};
        ssize_t size;

        send_all(client, connection);
        if (tls_client_read(client, read_octets))
            return;
        poll(&ready, 1, 100);
        tls_client_tick(client, now_ms());
        if (ready.revents == 0)
            continue;
        size = recv(connection, piece, sizeof(piece), 0);
        if (size > 0)
            tls_client_feed(client, SPAN(piece, (size_t)size), now_ms());
        else
            tls_client_hang_up(client);
    }
    send_all(client, connection);
    tls_client_read(client, read_octets);
}

/* A connection on which a line goes to the server. Gives the session on; true when it was resumed. */
static bool speak(struct program *program, struct tls_client_settings *settings, const char *answer)
{
    struct tls_client_context *context = tls_client_context_new();
    int connection = connect_to(program, settings->is_datagram);
    struct buf *came = test_buf(), *session = test_buf();
    struct tls_client *client;
    bool resumed;

    settings->clock = now_ms();
    client = tls_client_new(context, settings);
    talk(client, connection, TLS_HANDSHAKING, came);
    ck_assert_str_eq(tls_client_why(client), "");
    ck_assert_int_eq(tls_client_state(client), TLS_OPEN);
    ck_assert_uint_eq(tls_client_write(client, SPAN_STRING("question\n")), 9);
    if (answer != NULL) {
        talk(client, connection, TLS_OPEN, came);
        ck_assert_span(buf_span(came), SPAN(answer, strlen(answer)));
    } else {
        send_all(client, connection);
        ck_assert_ptr_nonnull(wait_for(program, "question"));
    }
    resumed = tls_client_is_resumed(client);
    if (tls_client_session(client, session))
        settings->session = buf_span(session);
    tls_client_end(client);
    send_all(client, connection);
    tls_client_free(client);
    tls_client_context_free(context);
    close(connection);
    return resumed;
}

static void speak_with_program(const char *const *options, bool is_datagram, const char *answer,
                               bool can_resume)
{
    struct bench_identity identity = bench_identity(&(struct bench_request){.name = BENCH_HOST});
    struct tls_client_settings settings = bench_settings(TLS_TRUST_CERTIFICATE, &identity.der, 1);
    struct program program;

    settings.is_datagram = is_datagram;
    if (program_start(&program, &identity, options)) {
        ck_assert(!speak(&program, &settings, answer));
        if (can_resume)
            ck_assert(speak(&program, &settings, answer));
    } else {
        printf("skipped: there is no openssl to talk to\n");
    }
    program_stop(&program);
    bench_identity_free(&identity);
}

START_TEST(tls_1_2)
{
    speak_with_program((const char *const[]){"-tls1_2", "-rev", NULL}, false, "noitseuq\n", true);
}
END_TEST

START_TEST(tls_1_3)
{
    speak_with_program((const char *const[]){"-tls1_3", "-rev", NULL}, false, "noitseuq\n", true);
}
END_TEST

START_TEST(dtls_1_2)
{
    speak_with_program((const char *const[]){"-dtls1_2", "-timeout", NULL}, true, NULL, false);
}
END_TEST

START_TEST(dtls_1_2_behind_a_cookie)
{
    speak_with_program((const char *const[]){"-dtls1_2", "-listen", "-timeout", NULL}, true, NULL, false);
}
END_TEST

TEST_MAIN("tls_program", tls_1_2, tls_1_3, dtls_1_2, dtls_1_2_behind_a_cookie)
