/* edges [valgrind]: what befalls a host seldom: no descriptors, no socket, more wishes than a queue holds, looking on from inside of every message, an end without a stop. */
#include "check.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

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

/* What a failed start leaves on the loop is gone when the loop is. */
static void a_failed_attachment_leaves_nothing(void)
{
    blp_proxy *first = proxy_with(socket_path()), *second = proxy_with(socket_path());
    uv_loop_t loop;
    CHECK_OK(blp_proxy_start(first));
    CHECK(uv_loop_init(&loop) == 0);
    CHECK_FAILS(BLP_E_START, socket_path(), blp_proxy_attach(second, &loop));
    CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&loop) == 0);
    CHECK_OK(blp_proxy_stop(first));
    CHECK_OK(blp_proxy_destroy(first));
    CHECK_OK(blp_proxy_destroy(second));
}

/* More wishes than any queue holds, while the proxy cannot look at them: its end is not lost among them. */
static void an_end_is_never_lost(void)
{
    blp_proxy *proxy = proxy_with("");
    uv_loop_t loop;
    int i;
    CHECK(uv_loop_init(&loop) == 0);
    CHECK_OK(blp_proxy_attach(proxy, &loop));
    for (i = 0; i < 70000; i++) CHECK_OK(blp_proxy_reopen(proxy));
    CHECK_OK(blp_proxy_close(proxy, NULL, NULL));
    for (i = 0; i < 70000; i++) CHECK_OK(blp_proxy_stop_now(proxy));
    CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&loop) == 0);
    CHECK_OK(blp_proxy_destroy(proxy));
}

/* Where the daemon logs, a host may look: nothing of what is looked at may be in the middle of a change. */
struct onlooker {
    blp_proxy *proxy;
    int looks;
};

static void look(void *context, int level, const char *message)
{
    struct onlooker *onlooker = context;
    char *text;
    int code = blp_metrics_text(onlooker->proxy, &text, NULL);
    (void)level;
    (void)message;
    /* Before it runs, and when all is over. */
    CHECK(code == BLP_OK || code == BLP_E_STATE);
    if (code != BLP_OK) return;
    blp_free(text);
    figures(onlooker->proxy);
    onlooker->looks++;
}

static void every_message_may_look(const char *destination, const char *value, const char *spool)
{
    struct onlooker onlooker = {NULL, 0};
    blp_config *config;
    CHECK_OK(blp_config_new(&config));
    CHECK_OK(blp_config_set(config, "socket", ""));
    CHECK_OK(blp_config_set(config, destination, value));
    CHECK_OK(blp_config_set(config, "log-level", "trace"));
    CHECK_OK(blp_config_set(config, "drain-timeout", "300ms"));
    if (strcmp(destination, "coder-url") == 0) {
        char token[200];
        FILE *file;
        snprintf(token, sizeof token, "%s.token", socket_path());
        file = fopen(token, "w");
        CHECK(file != NULL && fputs("token", file) >= 0 && fclose(file) == 0);
        CHECK_OK(blp_config_set(config, "coder-token-file", token));
    }
    if (spool != NULL) {
        CHECK_OK(blp_config_set(config, "durability", "sync"));
        CHECK_OK(blp_config_set(config, "spool-dir", spool));
    }
    CHECK_OK(blp_config_set_log(config, look, &onlooker));
    CHECK_OK(blp_proxy_new(config, &onlooker.proxy));
    CHECK_OK(blp_config_free(config));
    CHECK_OK(blp_proxy_start(onlooker.proxy));
    submit(onlooker.proxy, 100);
    CHECK_OK(blp_proxy_reopen(onlooker.proxy));
    CHECK_OK(blp_proxy_stop(onlooker.proxy));
    CHECK(onlooker.looks > 0 && figures(onlooker.proxy).logs_received == 100);
    CHECK_OK(blp_proxy_destroy(onlooker.proxy));
}

/* A process that ends while proxies run in it: by a return from main, with its own exit status. What waited in memory is lost with it. */
static void it_does_not_hinder_an_exit(const char *self)
{
    int i, status;
    for (i = 0; i < 20; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            execl(self, self, "exit", (char *)NULL);
            _exit(1);
        }
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
    }
}

/* In the child. */
static int end_while_it_runs(void)
{
    blp_config *config;
    blp_proxy *proxy;
    int i;
    for (i = 0; i < 5; i++) {
        CHECK_OK(blp_config_new(&config));
        CHECK_OK(blp_config_set(config, "socket", ""));
        CHECK_OK(blp_config_set(config, "flush-interval", "0"));
        if (i == 0) CHECK_OK(blp_config_set_reporter(config, report, NULL));
        else if (i == 3 || i == 4) CHECK_OK(blp_config_set(config, "file-path", "/dev/null"));
        else CHECK_OK(blp_config_set(config, "http-url", i == 1 ? "http://127.0.0.1:1/" : "https://localhost:1/"));
        CHECK_OK(blp_proxy_new(config, &proxy));
        CHECK_OK(blp_config_free(config));
        CHECK_OK(blp_proxy_start(proxy));
        submit(proxy, 1000);
    }
    return 42;
}

int main(int count, char **arguments)
{
    char spool[200];
    const char *under = count > 1 ? arguments[1] : "";
    if (strcmp(under, "exit") == 0) return end_while_it_runs();
    /* valgrind has limits of descriptors of its own, and keeps them otherwise than the kernel: it closes a pair that is too much and says that there it is. */
    if (strcmp(under, "valgrind") != 0) without_descriptors_it_does_not_start();
    without_a_socket_it_takes_submissions();
    a_failed_attachment_leaves_nothing();
    an_end_is_never_lost();
    snprintf(spool, sizeof spool, "%s.spool", socket_path());
    every_message_may_look("http-url", "http://127.0.0.1:1/", NULL);
    every_message_may_look("http-url", "http://127.0.0.1:1/", spool);
    every_message_may_look("file-path", "/dev/full", NULL);
    every_message_may_look("coder-url", "http://127.0.0.1:1", NULL);
    /* Five proxies begin at once there. What Swift's runtime makes once, for whichever thread comes first, is a race to ThreadSanitizer, which does not see into it. */
    if (strcmp(under, "thread") != 0) it_does_not_hinder_an_exit(arguments[0]);
    puts("edges: none fallen over");
    return 0;
}
