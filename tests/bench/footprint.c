/*
 * What a running card takes of the machine's memory: VmRSS and PSS of `softeuicc run` after it has done a
 * whole download. Usage: footprint SOFTEUICC CARD-FILE, which must not exist.
 */
#include "tests/bench/bench.h"
#include "tests/bench/fake_vpcd.h"
#include "tests/support/profile.h"
#include "tests/support/server.h"

#include <stdio.h>
#include <string.h>

#define ICCID "8988211000000000037"
/* MiB. */
#define GOAL 12.0

static void transmit(void *context, const uint8_t *capdu, size_t capdu_size, uint8_t *rapdu,
                     size_t *rapdu_size)
{
    struct buf answer = {0};

    fake_vpcd_send(context, SPAN(capdu, capdu_size));
    fake_vpcd_receive(context, &answer);
    memcpy(rapdu, answer.data, answer.size);
    *rapdu_size = answer.size;
    buf_free(&answer);
}

/* The figure of one line of a file in /proc/PID, in MiB. */
static double memory(pid_t pid, const char *file, const char *key)
{
    char path[64];
    char line[256];
    unsigned long kib = 0;
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    in = fopen(path, "r");
    if (in == NULL)
        bench_fail("cannot open %s", path);
    while (fgets(line, sizeof(line), in) != NULL && kib == 0)
        if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), " %lu", &kib) != 1)
            kib = 0;
    fclose(in);
    if (kib == 0)
        bench_fail("%s has no %s", path, key);
    return (double)kib / 1024;
}

int main(int argc, char **argv)
{
    struct span package = test_profile(ICCID);
    struct server_outcome outcome = {0};
    struct terminal terminal = {.block = 255, .transmit = transmit};
    struct fake_vpcd vpcd;
    struct buf metadata = {0};
    struct buf atr = {0};
    struct server server;
    struct test_ci ci;

    if (argc != 3)
        bench_fail("usage: footprint SOFTEUICC CARD-FILE");
    test_ci_make(&ci, EC_CURVE_P256);
    softeuicc_close(test_card(argv[2], &ci, 1, 0));
    server_put_metadata(&metadata, ICCID, "operator", "profile", 2);
    fake_vpcd_listen(&vpcd);
    fake_vpcd_start(&vpcd, argv[1], argv[2]);
    fake_vpcd_atr(&vpcd, &atr);
    terminal.context = &vpcd;
    terminal_select(&terminal);
    server_init(&server, &terminal, &ci, package, buf_span(&metadata));
    if (!server_download(&server, &outcome))
        bench_fail("the download failed: %d", outcome.code);
    bench_figure_goal("run_rss_after_download", memory(vpcd.pid, "status", "VmRSS:"), "MiB", GOAL);
    bench_figure("run_pss_after_download", memory(vpcd.pid, "smaps_rollup", "Pss:"), "MiB");
    fake_vpcd_stop(&vpcd);
    server_outcome_free(&outcome);
    server_free(&server);
    test_ci_free(&ci);
    buf_free(&metadata);
    buf_free(&atr);
    return 0;
}
