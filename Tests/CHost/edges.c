/* What befalls a host seldom: no descriptors, no socket. */
#include "check.h"

#include <sys/resource.h>
#include <sys/stat.h>

static void report(void *context, const blp_delivery *delivery)
{
    (void)context;
    CHECK_OK(blp_complete(delivery->token, BLP_DELIVERED, 0, NULL));
}

/* Fed by submissions alone, unless it is given a socket. */
static blp_proxy *proxy_with(const char *socket)
{
    blp_config *config;
    blp_proxy *proxy;
    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", socket));
    CHECK_OK(blp_config_set_reporter(config, report, NULL));
    CHECK_OK(blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
    return proxy;
}

static void submit(blp_proxy *proxy, int count)
{
    /* A ReportBoundaryLogsRequest with one empty log. */
    while (count-- > 0) CHECK_OK(blp_submit(proxy, BLP_TAG_LOGS, "\x0a\x00", 2));
}

/*
 * Whatever it is that the last descriptor is missing for: an error, and nothing left behind. Called first: for the first loop of a process libuv takes more of
 * them, and ends the process when there are none.
 */
static void without_descriptors_it_does_not_start(void)
{
    blp_proxy *proxy = proxy_with(socket_path());
    struct rlimit before, none;
    rlim_t limit;
    int failures = 0, code;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    for (limit = 3; limit < 1024; limit++) {
        none.rlim_cur = limit;
        CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
        code = blp_proxy_start(proxy);
        CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
        if (code == BLP_OK) break;
        CHECK(code == BLP_E_START && strstr(blp_last_error(), "too many open files") != NULL);
        failures++;
    }
    CHECK(failures >= 6 && limit < 1024);
    CHECK_OK(blp_proxy_stop(proxy));
    CHECK_OK(blp_proxy_destroy(proxy));
}

static void without_a_socket_it_takes_submissions(void)
{
    blp_proxy *proxy = proxy_with(""), *other = proxy_with("");
    blp_config *config;
    struct stat none;
    CHECK_OK(blp_proxy_start(proxy));
    /* Nothing that two of them could contend for. */
    CHECK_OK(blp_proxy_start(other));
    CHECK(stat(socket_path(), &none) != 0);
    submit(proxy, 3);
    CHECK_OK(blp_proxy_stop(proxy));
    CHECK_OK(blp_proxy_stop(other));
    CHECK(figures(proxy).logs_delivered == 3 && figures(other).logs_received == 0);
    CHECK_OK(blp_proxy_destroy(proxy));
    CHECK_OK(blp_proxy_destroy(other));

    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", ""));
    CHECK_OK(blp_config_set(config, "socket-mode", "0660"));
    CHECK_OK(blp_config_set_reporter(config, report, NULL));
    CHECK_FAILS(BLP_E_CONFIG, "socket-mode: \"0660\" has no effect without a socket", blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
}

int main(void)
{
    without_descriptors_it_does_not_start();
    without_a_socket_it_takes_submissions();
    puts("edges: none fallen over");
    return 0;
}
