/*
 * A C agent for scripts/flood --daemon: takes the daemon's options on its command line, runs the proxy on its own libuv loop, and says in the end what the
 * daemon says, on standard error.
 *
 *     flood-agent serve --socket PATH --http-url URL ...                        the proxy delivers
 *     flood-agent serve --socket PATH --http-url URL ... --reporter callback    the agent does, on a thread of its own, with sockets of its own
 */
#include "check.h"
#include "post.h"

#include <uv.h>

static uv_signal_t signals[2];
static blp_proxy *proxy;
static int exit_code;

static void say(void *context, int level, const char *message)
{
    (void)context;
    (void)level;
    fprintf(stderr, "%s\n", message);
}

static void closed(void *context, blp_proxy *ended)
{
    blp_statistics s = figures(ended);
    (void)context;
    fprintf(
        stderr,
        "{\"message\":\"final ledger\",\"logs_received\":\"%llu\",\"logs_delivered\":\"%llu\",\"logs_waiting\":\"%llu\",\"logs_in_flight\":\"%llu\","
        "\"logs_recovered\":\"%llu\",\"logs_spooled\":\"%llu\",\"batches_received\":\"%llu\",\"logs_dropped_buffer_full\":\"%llu\","
        "\"logs_dropped_forward_failed\":\"%llu\",\"logs_dropped_shutdown\":\"%llu\"}\n",
        (unsigned long long)s.logs_received, (unsigned long long)s.logs_delivered, (unsigned long long)s.logs_waiting,
        (unsigned long long)s.logs_in_flight, (unsigned long long)s.logs_recovered, (unsigned long long)s.logs_spooled,
        (unsigned long long)s.batches_received, (unsigned long long)s.logs_dropped_buffer_full, (unsigned long long)s.logs_dropped_forward_failed,
        (unsigned long long)s.logs_dropped_shutdown);
    /* The daemon's exit status for lost logs. */
    exit_code = s.logs_dropped > 0 ? 3 : 0;
    CHECK_OK(blp_proxy_destroy(ended));
    uv_close((uv_handle_t *)&signals[0], NULL);
    uv_close((uv_handle_t *)&signals[1], NULL);
}

static void report(void *context, const blp_delivery *delivery)
{
    post_later((struct poster *)context, delivery);
}

static void end(uv_signal_t *handle, int number)
{
    (void)handle;
    (void)number;
    if (blp_proxy_close(proxy, closed, NULL) != BLP_OK) CHECK_OK(blp_proxy_stop_now(proxy));
}

/* Options of the daemon, in pairs of name and value. */
static void set_options(blp_config *config, int count, char **arguments, struct poster *poster)
{
    const char *url = NULL;
    int has_callback = 0;
    int i;
    for (i = 2; i + 1 < count; i += 2) {
        if (strcmp(arguments[i], "--http-url") == 0) url = arguments[i + 1];
        if (strcmp(arguments[i], "--reporter") == 0 && strcmp(arguments[i + 1], "callback") == 0) has_callback = 1;
    }
    for (i = 2; i + 1 < count; i += 2) {
        CHECK(strncmp(arguments[i], "--", 2) == 0);
        if (has_callback && (strncmp(arguments[i], "--http-", 7) == 0 || strcmp(arguments[i], "--reporter") == 0)) continue;
        CHECK_OK(blp_config_set(config, arguments[i] + 2, arguments[i + 1]));
    }
    if (!has_callback) return;
    CHECK(url != NULL);
    poster_start(poster, url);
    CHECK_OK(blp_config_set_reporter(config, report, poster));
}

int main(int count, char **arguments)
{
    static struct poster poster;
    uv_loop_t loop;
    blp_config *config;
    CHECK(uv_loop_init(&loop) == 0);
    CHECK_OK(blp_config_new(&config));
    /* The daemon's default. */
    CHECK_OK(blp_config_set(config, "durability", "spill"));
    CHECK_OK(blp_config_set_log(config, say, NULL));
    set_options(config, count, arguments, &poster);
    CHECK_OK(blp_proxy_new(config, &proxy));
    CHECK_OK(blp_config_free(config));
    CHECK_OK(blp_proxy_attach(proxy, &loop));
    CHECK(uv_signal_init(&loop, &signals[0]) == 0 && uv_signal_start(&signals[0], end, SIGTERM) == 0);
    CHECK(uv_signal_init(&loop, &signals[1]) == 0 && uv_signal_start(&signals[1], end, SIGINT) == 0);
    CHECK(uv_run(&loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&loop) == 0);
    poster_stop(&poster);
    return exit_code;
}
