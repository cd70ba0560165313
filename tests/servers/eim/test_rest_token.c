/* servers/eim/network/rest_token.c: the token that changes need: where it is, who has it, and for what. */
#include "servers/eim/network/rest_token.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/softeuicc-token-XXXXXX";
static char path[sizeof(directory) + 20];

static void make_place(void)
{
    memcpy(directory + sizeof(directory) - 7, "XXXXXX", 6);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/eim.db.token", directory);
}

static void remove_place(void)
{
    unlink(path);
    ck_assert_msg(rmdir(directory) == 0, "something is left in %s", directory);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert(fputs(text, file) >= 0 && fclose(file) == 0);
}

START_TEST(makes_one_and_finds_it_again)
{
    struct rest_token first, second;
    struct stat status;

    make_place();
    ck_assert(rest_token_open(&first, path));
    ck_assert_uint_eq(strspn(first.digits, "0123456789ABCDEFabcdef"), REST_TOKEN_DIGITS);
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert(rest_token_open(&second, path));
    ck_assert_str_eq(first.digits, second.digits);
    rest_token_close(&second);
    ck_assert_int_eq(access(path, F_OK), 0);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert(rest_token_open(&second, path));
    ck_assert_str_ne(first.digits, second.digits);
    rest_token_close(&first);
    rest_token_close(&second);
    remove_place();
}
END_TEST

/* What is there and is none stays as it is. */
START_TEST(refuses_files_that_are_none)
{
    static const char *const none[] = {"",
                                       "\n",
                                       "00112233",
                                       "0011223344556677889900112233445566778899001122334455667788990011z",
                                       "00112233445566778899001122334455667788990011223344556677889900112",
                                       "0011223344556677889900112233445566778899001122334455667788990x11\n"};
    struct rest_token token;

    make_place();
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct stat status;

        write_file(none[i]);
        ck_assert_msg(!rest_token_open(&token, path), "'%s' is taken", none[i]);
        ck_assert(stat(path, &status) == 0 && (size_t)status.st_size == strlen(none[i]));
        rest_token_close(&token);
    }
    remove_place();
}
END_TEST

START_TEST(takes_a_temporary_one_away)
{
    struct rest_token token;
    char *where;

    make_place();
    setenv("XDG_RUNTIME_DIR", directory, 1);
    ck_assert(rest_token_open(&token, NULL));
    where = strdup(token.path);
    ck_assert_int_eq(strncmp(where, directory, strlen(directory)), 0);
    ck_assert_int_eq(access(where, R_OK), 0);
    rest_token_close(&token);
    ck_assert_int_ne(access(where, F_OK), 0);
    free(where);
    remove_place();
}
END_TEST

/* The status with which a request is refused; 0: it is not. */
static int refusal(const struct rest_token *token, const struct http_request *request, bool *tells_where)
{
    struct http_answer answer = {0};
    bool admitted = rest_token_admits(token, request, &answer);

    *tells_where = answer.body.size > 0 &&
                   memmem(answer.body.data, answer.body.size, token->path, strlen(token->path)) != NULL;
    ck_assert(admitted ||
              memmem(answer.body.data, answer.body.size, token->digits, REST_TOKEN_DIGITS) == NULL);
    buf_free(&answer.body);
    return admitted ? 0 : answer.code;
}

/* Every method and path, from this machine and from another, with every kind of token. */
START_TEST(guards_changes_and_what_is_private)
{
    static const char *const methods[] = {"GET", "HEAD",  "OPTIONS", "POST",
                                          "PUT", "PATCH", "DELETE",  "TRACE"};
    static const struct {
        const char *path;
        bool is_public, is_open;
    } paths[] = {{"/", true, true},
                 {"/v1/status", true, false},
                 {"/openapi.yaml", true, true},
                 {"/v1/orders", false, false},
                 {"/v1/euiccs", false, false},
                 {"/v1/orders/1", false, false},
                 {"/v1/notifications", false, false},
                 {"/other", true, true}};
    struct rest_token token;
    char good[100], nearly[100], lower[100];
    const char *const headers[] = {NULL,     good,      nearly,       lower,   "",
                                   "Bearer", "Bearer ", "Basic YTpi", good + 7};

    make_place();
    ck_assert(rest_token_open(&token, path));
    snprintf(good, sizeof(good), "Bearer %s", token.digits);
    snprintf(lower, sizeof(lower), "bearer  %s", token.digits);
    snprintf(nearly, sizeof(nearly), "%s", good);
    nearly[strlen(nearly) - 1] = nearly[strlen(nearly) - 1] == '0' ? '1' : '0';
    for (size_t m = 0; m < 8; m++) {
        for (size_t p = 0; p < 8; p++) {
            for (size_t h = 0; h < 9; h++) {
                bool looks = m < 3, has = h == 1 || h == 3, tells;

                for (int local = 0; local < 2; local++) {
                    const struct http_request request = {.method = methods[m],
                                                         .path = paths[p].path,
                                                         .authorization = headers[h],
                                                         .is_local = local};
                    bool is_free = paths[p].is_open || (looks && (local || paths[p].is_public));

                    ck_assert_msg(refusal(&token, &request, &tells) == (has || is_free ? 0 : 401),
                                  "%s %s '%s' %d", methods[m], paths[p].path,
                                  headers[h] != NULL ? headers[h] : "-", local);
                    ck_assert_int_eq(tells, !has && !is_free && local);
                }
            }
        }
    }
    rest_token_close(&token);
    remove_place();
}
END_TEST

TEST_MAIN("rest_token", makes_one_and_finds_it_again, refuses_files_that_are_none, takes_a_temporary_one_away,
          guards_changes_and_what_is_private)
